import { InstallerError } from '../errors/installer-error.ts';
import { nearest } from '../ui/nearest.ts';
import { quoteWord } from '../ui/next-command.ts';
import type { Flag } from './flags.ts';

/** What may be typed at the place where the mistake was made. */
export interface Known {
  /** The program and the words of the command. */
  command: string;
  /** Names of what it must be given, as its usage has them, and what they are. */
  positionals?: Readonly<Record<string, string>>;
  /** It takes a command behind `--`. */
  takesCommand?: boolean;
  flags: Readonly<Record<string, Pick<Flag, 'type'>>>;
  /** Commands that could stand there. */
  commands: readonly string[];
}

/**
 * yargs' message in the product's words, with the nearest flag or command.
 *
 * @param argv as typed, to show a word as it was written
 */
export function explainUsage(message: string, argv: readonly string[], known: Known): InstallerError {
  const help = `${known.command} --help lists what there is`;
  const unknown = /^Unknown (?:argument|command)s?: (.+)$/.exec(message)?.[1]?.split(', ');
  if (unknown?.[0] !== undefined) {
    return explainUndivided(unknown, argv, known) ?? explainUnknown(unknown[0], argv, known, help);
  }
  const flag = /^Not enough arguments following: (.+)$/.exec(message)?.[1];
  if (flag !== undefined) return usage(`--${flag} needs a value`, help);
  const [, name, given, choices] =
    /Argument: ([\w-]+), Given: (.+), Choices: (.+)$/.exec(message.replace(/\s*\n\s*/g, ' ')) ?? [];
  if (name !== undefined) return usage(`--${name} takes one of ${unquote(choices)}, not ${unquote(given)}`, help);
  if (message.startsWith('Not enough non-option arguments')) {
    // A flag that nobody knows has taken what was missing for its value.
    const flag = argv.find((word) => word.startsWith('--') && !isKnown(word, known));
    if (flag !== undefined && flag !== '--') return explainUnknown(nameOf(flag), argv, known, help);
    const [name, describe] = Object.entries(known.positionals ?? {})[0] ?? [];
    if (name === undefined) return usage(`${known.command}: something is missing`, help);
    return usage(`${known.command}: ${name.toUpperCase()} is missing`, `${name.toUpperCase()}: ${describe}; ${help}`);
  }
  return usage(message.replace(/\s*\n\s*/g, ' '), help);
}

/**
 * yargs takes any value of a switch for "false".
 *
 * @throws InstallerError `usage` for `--yes=maybe`
 */
export function refuseSwitchValues(argv: readonly string[], flags: Known['flags']): void {
  for (const word of argv) {
    if (word === '--') return;
    const [, name = '', value] = /^--(?:no-)?([a-z-]+)=(.*)$/s.exec(word) ?? [];
    if (value === undefined || flags[name]?.type !== 'boolean' || value === 'true' || value === 'false') continue;
    throw usage(`${word}: --${name} takes no value`);
  }
}

/** A command to run whose `--` was forgotten: perhaps with flags of its own, which are then unknown to us. */
function explainUndivided(
  unknown: readonly string[],
  argv: readonly string[],
  known: Known,
): InstallerError | undefined {
  if (known.takesCommand !== true || argv.includes('--')) return undefined;
  const at = argv.findIndex((word) => !word.startsWith('-') && unknown.includes(word));
  if (at < 0) return undefined;
  const [program = ''] = known.command.split(' ');
  const typed = [program, ...argv.slice(0, at), '--', ...argv.slice(at)].map(quoteWord).join(' ');
  return usage(`${known.command}: the command to run stands behind --`, typed);
}

function explainUnknown(word: string, argv: readonly string[], known: Known, help: string): InstallerError {
  const typed = argv.find((given) => nameOf(given) === word) ?? word;
  const isFlag = typed.startsWith('-');
  const near = isFlag ? nearest(word, [...Object.keys(known.flags), 'help', 'version']) : nearest(word, known.commands);
  const suggestion = near === undefined ? help : `did you mean ${isFlag ? '--' : ''}${near}?`;
  const what = isFlag
    ? `${known.command}: unknown flag ${typed.replace(/=.*$/s, '')}`
    : `unknown command or argument: ${word}`;
  return usage(what, suggestion);
}

function nameOf(flag: string): string {
  return flag.replace(/=.*$/s, '').replace(/^--?(no-)?/, '');
}

function isKnown(flag: string, { flags }: Known): boolean {
  return Object.hasOwn(flags, nameOf(flag)) || ['help', 'version'].includes(nameOf(flag));
}

function unquote(text = ''): string {
  return text.replaceAll('"', '');
}

function usage(message: string, hint?: string): InstallerError {
  return new InstallerError('usage', message, hint === undefined ? {} : { hint });
}
