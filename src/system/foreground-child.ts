import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { InstallerError } from '../errors/installer-error.ts';
import { endGroup, signalGroup } from './process-group.ts';

export interface ForegroundRequest {
  file: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Told to end when aborted: SIGTERM, SIGKILL after `graceMs`. */
  signal: AbortSignal;
  graceMs: number;
  /** Where its errors go; they are read on their way, because they tell why it failed. */
  stderr: NodeJS.WritableStream;
  /** Its keyboard is ours: it stays in our process group, so that it may read from the terminal. */
  interactive: boolean;
  /** It may not read what is meant for us. */
  noInput?: boolean;
  cwd?: string;
}

export interface ForegroundResult {
  /** 128 + the signal's number when one ended it, as shells tell it. */
  exitCode: number;
  /** The last lines of what it wrote to stderr, oldest first. */
  tail: readonly string[];
}

const TAIL_BYTES = 16_384;
const TAIL_LINES = 20;

/**
 * Runs a command in the user's sight: its stdin and stdout are ours, untouched, so that a pipe or a progress bar works
 * as without us.
 *
 * @throws InstallerError class `not_runnable` when it cannot be started; the signal's reason when aborted
 */
export async function runForeground(request: ForegroundRequest): Promise<ForegroundResult> {
  const { file, args, env, signal, graceMs, stderr, interactive, noInput, cwd } = request;
  signal.throwIfAborted();
  const child = spawn(file, args, {
    env: { ...env },
    stdio: [noInput === true ? 'ignore' : 'inherit', 'inherit', 'pipe'],
    detached: !interactive,
    ...(cwd === undefined ? {} : { cwd }),
  });
  let tail = Buffer.alloc(0);
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr.write(chunk);
    tail = Buffer.concat([tail, chunk]).subarray(-TAIL_BYTES);
  });
  const end = () => void endChild(child, interactive, graceMs);
  signal.addEventListener('abort', end, { once: true });
  // Whatever ends us, a second Ctrl-C too, nothing of it stays behind.
  const killNow = () => void (interactive ? child.kill('SIGKILL') : signalGroup(child.pid ?? 0, 'SIGKILL'));
  process.once('exit', killNow);
  try {
    const [code, ended] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    signal.throwIfAborted();
    const lines = tail.toString('utf8').split(/\r?\n|\r/);
    return {
      exitCode: code ?? 128 + (ended === null ? 0 : constants.signals[ended]),
      tail: lines.filter((line) => line.trim() !== '').slice(-TAIL_LINES),
    };
  } catch (thrown) {
    signal.throwIfAborted();
    const { code } = thrown as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such program' : (thrown as Error).message;
    throw new InstallerError('step_failed', `${file} cannot be run: ${why}`, { class: 'not_runnable', cause: thrown });
  } finally {
    signal.removeEventListener('abort', end);
    process.off('exit', killNow);
  }
}

async function endChild(child: ChildProcess, interactive: boolean, graceMs: number): Promise<void> {
  if (child.pid === undefined) return;
  if (!interactive) return await endGroup(child.pid, graceMs);
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), graceMs).unref();
}
