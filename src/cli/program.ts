import yargs, { type Argv, type Options as YargsOptions } from 'yargs';
import { InstallerError } from '../errors/installer-error.ts';
import { COMMANDS, type CommandSpec, CREATE, GROUPS } from './command-table.ts';
import { explainUsage, type Known, refuseSwitchValues } from './explain-usage.ts';
import type { Flag } from './flags.ts';
import type { RawFlags } from './options.ts';

const CREATE_AS_COMMAND: CommandSpec = { ...CREATE, usage: 'create', examples: [] };
const RUNNABLE: Readonly<Record<string, CommandSpec>> = { ...COMMANDS, 'cluster create': CREATE_AS_COMMAND };
/** Help is no wider, whatever the terminal is. */
const HELP_COLUMNS = 100;
/** What yargs answers from all commands, and lays out by them. */
const ABOUT_ALL: ReadonlySet<string> = new Set(['help', '--help', '-h', '--version', '--get-yargs-completions']);

export type ProgramName = 'create-cluster' | 'contextcore-install';

/** What the command line asks for. */
export interface Invocation {
  /** The words of the command, joined by a space. */
  command: string;
  flags: RawFlags;
  /** Positional arguments by name. */
  args: Readonly<Record<string, string | undefined>>;
  /** Values of the argument that may be repeated. */
  list: readonly string[];
  /** What stands behind `--`: somebody else's command, untouched. */
  rest: readonly string[];
}

/**
 * Reads a command line.
 *
 * @param columns that a help text may have
 * @returns what it asks for, or the text to print (help, version, completion script)
 * @throws InstallerError `usage`, with the nearest flag or command for an unknown one
 */
export async function parseCommandLine(
  name: ProgramName,
  argv: readonly string[],
  version: string,
  columns = HELP_COLUMNS,
): Promise<Invocation | { print: string }> {
  let found: Invocation | undefined;
  let printed = '';
  const known = knownAt(name, argv);
  refuseSwitchValues(argv, known.flags);
  const explain = (message: string) => explainUsage(message, argv, known);
  const take = (invocation: Invocation) => {
    found = invocation;
  };
  const command = commandAt(name, argv);
  const empty = createParser(command?.script ?? name, version, explain).wrap(Math.min(columns, HELP_COLUMNS));
  const parser =
    command === undefined
      ? addCommands(empty, explain, take)
      : addCommand(empty, command.name, command.spec, explain, take);
  const words = argv.slice(command?.words ?? 0);
  await parser.parseAsync(words, {}, (error: Error | undefined, _argv: unknown, output: string) => {
    if (error) throw error;
    // yargs' word for an argument that may be repeated.
    printed = output.replaceAll(' [default: []]', '');
  });
  return found !== undefined && printed === '' ? found : { print: printed };
}

/** The help text of a program or of one of its commands, as the pre-rendered files hold it. */
export async function renderHelp(name: ProgramName, words: readonly string[] = []): Promise<string> {
  const result = await parseCommandLine(name, [...words, '--help'], '');
  return 'print' in result ? `${result.print}\n` : '';
}

/** What may be typed behind the words of the command that is meant. */
function knownAt(name: ProgramName, argv: readonly string[]): Known {
  if (name === 'create-cluster') return { command: name, flags: CREATE.flags, commands: [] };
  const [word = '', second] = argv;
  if (word === 'cluster' && second === 'create') {
    return { command: `${name} cluster create`, flags: CREATE.flags, commands: [] };
  }
  if (Object.hasOwn(GROUPS, word)) {
    const inner = Object.hasOwn(COMMANDS, `${word} ${second}`) ? COMMANDS[`${word} ${second}`] : undefined;
    const command = `${name} ${word}`;
    if (inner !== undefined) return knownOf(`${command} ${second}`, inner);
    return { command, flags: {}, commands: commandsIn(word) };
  }
  const spec = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  if (spec !== undefined) return knownOf(`${name} ${word}`, spec);
  const single = Object.keys(COMMANDS).filter((command) => !command.includes(' '));
  return { command: name, flags: {}, commands: [...single, ...Object.keys(GROUPS), 'cluster', 'completion'] };
}

function knownOf(command: string, { flags, positionals = {}, rest }: CommandSpec): Known {
  return { command, flags, commands: [], positionals, takesCommand: rest !== undefined };
}

/** The second words of the commands of a group. */
function commandsIn(group: string): readonly string[] {
  return Object.keys(COMMANDS).flatMap((command) =>
    command.startsWith(`${group} `) ? [command.slice(group.length + 1)] : [],
  );
}

/**
 * The command that the first words name; undefined where yargs has to see all of them.
 *
 * A command alone in its parser is read in half the time: yargs lays out the help of every other that it runs.
 */
function commandAt(
  program: ProgramName,
  argv: readonly string[],
): { name: string; spec: CommandSpec; script: string; words: number } | undefined {
  if (program === 'create-cluster') return { name: 'cluster create', spec: CREATE, script: program, words: 0 };
  if (argv.some((word) => ABOUT_ALL.has(word))) return undefined;
  for (const words of [1, 2]) {
    const name = argv.slice(0, words).join(' ');
    const spec = Object.hasOwn(RUNNABLE, name) ? RUNNABLE[name] : undefined;
    const script = `${program} ${name}`;
    if (spec !== undefined) return { name, spec: { ...spec, usage: spec.usage.replace(/^\S+/, '$0') }, script, words };
  }
  return undefined;
}

function createParser(script: string, version: string, explain: (message: string) => InstallerError): Argv {
  return yargs([])
    .scriptName(script)
    .locale('en')
    .version(version)
    .help()
    .alias('help', 'h')
    .parserConfiguration({
      'camel-case-expansion': false,
      'greedy-arrays': false,
      'dot-notation': false,
      'populate--': true,
    })
    .strict()
    .exitProcess(false)
    .showHelpOnFail(false)
    .fail((message, error) => {
      throw error instanceof InstallerError ? error : explain(message ?? error?.message ?? '');
    });
}

/** Every command of contextcore-install. */
function addCommands(
  to: Argv,
  explain: (message: string) => InstallerError,
  found: (invocation: Invocation) => void,
): Argv {
  let parser = to.command('cluster', 'the observability cluster', (inner) =>
    addCommand(inner, 'cluster create', CREATE_AS_COMMAND, explain, found).demandCommand(
      1,
      'cluster needs a command: create',
    ),
  );
  for (const [command, spec] of Object.entries(COMMANDS)) {
    if (!command.includes(' ')) parser = addCommand(parser, command, spec, explain, found);
  }
  for (const [group, describe] of Object.entries(GROUPS)) {
    parser = parser.command(group, describe, (inner) => addGroup(inner, group, explain, found));
  }
  return parser
    .completion('completion', 'a completion script for bash or zsh')
    .demandCommand(1, 'a command is needed')
    .epilogue('create-cluster ARGS is contextcore-install cluster create ARGS');
}

function addGroup(
  parser: Argv,
  group: string,
  explain: (message: string) => InstallerError,
  found: (invocation: Invocation) => void,
): Argv {
  const words = commandsIn(group);
  let built = parser;
  for (const word of words) {
    const spec = COMMANDS[`${group} ${word}`];
    if (spec !== undefined) built = addCommand(built, `${group} ${word}`, spec, explain, found);
  }
  return built.demandCommand(1, `${group} needs a command: ${words.join(', ')}`);
}

function addCommand(
  parser: Argv,
  command: string,
  spec: CommandSpec,
  explain: (message: string) => InstallerError,
  found: (invocation: Invocation) => void,
): Argv {
  return parser.command(
    spec.usage,
    spec.describe,
    (inner) => {
      let built: Argv = inner;
      for (const [flag, definition] of Object.entries(spec.flags)) built = built.option(flag, toYargs(definition));
      for (const [positional, describe] of Object.entries(spec.positionals ?? {})) {
        built = built.positional(positional, { type: 'string', describe });
      }
      if (spec.rest !== undefined) {
        const group = command.includes(' ') ? `${command.split(' ')[0]} ` : '';
        built = built.usage(`$0 ${group}${spec.usage} [flags] -- ${spec.rest}\n\n${spec.describe}`);
      }
      for (const [example, describe] of spec.examples ?? []) built = built.example(example, describe);
      return built;
    },
    (argv) => {
      const values = Object.keys(spec.positionals ?? {}).map(
        (key) => [key, argv[key] as string | string[] | undefined] as const,
      );
      const args = Object.fromEntries(values.flatMap(([key, value]) => (Array.isArray(value) ? [] : [[key, value]])));
      const list = values.flatMap(([, value]) => (Array.isArray(value) ? value.map(String) : []));
      const rest = ((argv['--'] as unknown[] | undefined) ?? []).map(String);
      if (rest.length > 0 && spec.rest === undefined) throw explain(`Unknown argument: ${rest[0]}`);
      const flags = Object.fromEntries(Object.keys(spec.flags).map((key) => [key, argv[key]]));
      found({ command, flags, args, list, rest });
    },
  );
}

function toYargs({ type, describe, choices, group }: Flag): YargsOptions {
  return {
    describe,
    group: `${group}:`,
    ...(type === 'array' ? { array: true, string: true } : { type }),
    ...(choices === undefined ? {} : { choices }),
    requiresArg: type !== 'boolean',
  };
}
