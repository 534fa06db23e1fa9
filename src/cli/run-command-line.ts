import { InstallerError, toInstallerError } from '../errors/installer-error.ts';
import { formatError } from '../ui/error.ts';
import type { Invocation, ProgramName } from './program.ts';
import { parseCommandLine } from './program.ts';
import { openTerminal, type Terminal, viewOf } from './terminal.ts';
import { EXIT_LOST, lossOf } from './write-now.ts';

/** Runs a command and gives its exit code; throws what is to be printed as the one error. */
type Command = (invocation: Invocation, terminal: Terminal) => Promise<number>;

/** Loaded when asked for: no command pays for another. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  'cluster create': async () => (await import('./commands/cluster-create.ts')).clusterCreate,
  run: async () => (await import('./commands/user-plan.ts')).runUserPlan,
  resume: async () => (await import('./commands/user-plan.ts')).runUserPlan,
  repair: async () => (await import('./commands/user-plan.ts')).runUserPlan,
  rollback: async () => (await import('./commands/user-plan.ts')).runUserPlan,
  status: async () => (await import('./commands/user-plan.ts')).runUserPlan,
  reset: async () => (await import('./commands/user-plan.ts')).runUserPlan,
  validate: async () => (await import('./commands/validate.ts')).validate,
  unlock: async () => (await import('./commands/unlock.ts')).unlock,
  retry: async () => (await import('./commands/retry.ts')).retryCommand,
  download: async () => (await import('./commands/download.ts')).downloadCommand,
  wait: async () => (await import('./commands/wait.ts')).waitCommand,
  checkpoint: async () => (await import('./commands/checkpoint.ts')).checkpoint,
  'breaker list': async () => (await import('./commands/breaker.ts')).breakerList,
  'breaker reset': async () => (await import('./commands/breaker.ts')).breakerReset,
  'apt install': async () => (await import('./commands/apt.ts')).aptInstall,
  'npm install': async () => (await import('./commands/npm.ts')).npmCommandInstall,
  'pip install': async () => (await import('./commands/pip.ts')).pipCommandInstall,
  'images check': async () => (await import('./commands/images-check.ts')).imagesCheck,
  'images fix': async () => (await import('./commands/images-fix.ts')).imagesFix,
  'images mirror': async () => (await import('./commands/images-mirror.ts')).imagesMirror,
  'telemetry status': async () => (await import('./commands/telemetry.ts')).telemetryStatus,
  'telemetry flush': async () => (await import('./commands/telemetry.ts')).telemetryFlush,
  'rebuild-state': async () => (await import('./commands/rebuild-state.ts')).rebuildState,
  'dashboards push': async () => (await import('./commands/push.ts')).dashboardsPush,
  'alerts push': async () => (await import('./commands/push.ts')).alertsPush,
  history: async () => (await import('./commands/history.ts')).history,
};

/** Parses, runs, prints the one error if there is one, and ends the process when its output has been written. */
export async function runCommandLine(name: ProgramName, argv: readonly string[], version: string): Promise<void> {
  const terminal = openTerminal();
  let exitCode = 0;
  try {
    const found = await parseCommandLine(name, argv, version, terminal.stdout.columns);
    if ('print' in found) terminal.stdout.write(`${found.print}\n`);
    else exitCode = await (await commandOf(found))(found, terminal);
  } catch (thrown) {
    const error = toInstallerError(thrown);
    const view = viewOf(terminal.stderr, terminal, argv.includes('--no-color') ? false : undefined);
    // In a log or a pipe nothing is broken: a command to type stays in one piece.
    const columns = terminal.stderr.columns ?? Number.POSITIVE_INFINITY;
    terminal.stderr.write(`${formatError(error, { ...view, columns })}\n`);
    if (terminal.env.CONTEXTCORE_DEBUG && error.cause instanceof Error) terminal.stderr.write(`${error.cause.stack}\n`);
    exitCode = error.exitCode;
  }
  await drained(terminal.stdout);
  if (terminal.lost !== undefined) {
    terminal.stderr.write(`${lossOf(terminal.lost)}\n`);
    exitCode ||= EXIT_LOST;
  }
  await drained(terminal.stderr);
  // Explicit: a timer or socket of a library must not keep an ended installer alive.
  process.exit(exitCode);
}

async function commandOf({ command }: Invocation): Promise<Command> {
  const load = COMMANDS[command];
  if (load === undefined) throw new InstallerError('usage', `no such command: ${command}`);
  return await load();
}

/** Resolves when all of it has been written, or has failed and the listeners of its errors know. */
async function drained(stream: NodeJS.WriteStream): Promise<void> {
  if (!stream.destroyed && stream.writableLength > 0) await new Promise((resolve) => stream.write('', resolve));
  await new Promise((resolve) => setImmediate(resolve));
}
