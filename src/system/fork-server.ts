import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { getSystemErrorName } from 'node:util';
import { RUN_MARKER, STEP_MARKER } from '../engine/child-commands.ts';
import type { ChildHandle, SpawnRequest, SpawnResult } from '../engine/ports.ts';
import { childHandle } from './child-handle.ts';
import { notRunnable } from './not-runnable.ts';
import { signalGroup } from './process-group.ts';
import { readStartTicks } from './process-table.ts';

const PROGRAM = join(import.meta.dirname, 'fork-server.pl');

/** Folder beside the logs of a run, while it runs. */
const LOGS_AHEAD = '.ahead';

type Environment = Readonly<Record<string, string>>;

interface Spare {
  pid: number;
  startTicks: number;
}

interface Running extends Spare {
  request: SpawnRequest;
  done: PromiseWithResolvers<SpawnResult>;
  /** Why it could not be started. */
  refused?: Error;
}

/**
 * A small process that forks for this one, one child at a time, each forked ahead of its request (fork-server.pl). A fork
 * costs what its parent has in memory: for Node.js two milliseconds, in which all else waits; here the processor next to
 * us does it meanwhile. Its children are as node:child_process starts them, but that they share the server's session.
 */
export class ForkServer {
  readonly #process: ChildProcess;
  readonly #answers: Socket;
  readonly #base: Environment;
  #half = '';
  #spare: Spare | undefined;
  #running: Running | undefined;
  #over = false;
  #hasServed = false;

  /**
   * @param env what its children's environment is told by the difference to; holds no secret
   * @param logs folder that their logs are usually in
   * @throws Error when the system has no room for it; one that cannot be started for another reason is soon over
   */
  constructor(env: Environment, logs: string) {
    this.#base = Object.fromEntries(Object.entries(env).filter(([name]) => !isForChildrenOnly(name)));
    const options = { detached: true, env: this.#base, stdio: ['pipe', 'pipe', 'ignore'] } satisfies SpawnOptions;
    this.#process = spawn('perl', [PROGRAM, join(logs, LOGS_AHEAD)], options).on('error', () => this.close());
    const { stdin, stdout } = this.#process;
    // Without descriptors for them there are none, whatever their type says.
    if (!stdin || !stdout) throw new Error('no descriptors are left for a fork server');
    this.#answers = stdout as Socket;
    this.#answers.setEncoding('latin1').on('data', (text: string) => this.#hear(text));
    for (const end of [stdin, stdout]) end.on('error', () => this.close());
    this.#process.once('exit', () => this.close());
    this.#answers.once('close', () => this.#lose());
    this.#process.unref();
    (stdin as Socket).unref();
    this.#answers.unref();
  }

  /** A child is ready to be used. */
  get isReady(): boolean {
    return this.#spare !== undefined && this.#running === undefined && !this.#over;
  }

  /** It ended, or is to end. */
  get isOver(): boolean {
    return this.#over;
  }

  /** It has had a child ready. */
  get hasServed(): boolean {
    return this.#hasServed;
  }

  /**
   * Starts the child; to be called when it {@link isReady}. The result rejects with an InstallerError of class
   * `not_runnable` when the program could not be started.
   *
   * @param log file that both its streams are appended to
   */
  run(request: SpawnRequest, log: string): ChildHandle {
    const spare = this.#spare as Spare;
    this.#spare = undefined;
    const { pid, startTicks } = spare;
    const words = [request.file, ...request.args];
    const fields = [pid, log, request.cwd ?? '', words.length, ...words, ...difference(this.#base, request.env)];
    const body = Buffer.from(fields.join('\0'));
    const length = Buffer.alloc(4);
    length.writeUInt32BE(body.length);
    this.#process.stdin?.write(Buffer.concat([length, body]));
    const done = Promise.withResolvers<SpawnResult>();
    this.#running = { ...spare, request, done };
    this.#answers.ref();
    return childHandle(pid, startTicks, done.promise);
  }

  /** Ends it, once what it runs has ended. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#running === undefined) this.#process.stdout?.destroy();
    // At the end of its requests it ends, and so does the child that waits for one, whatever has become of its parent.
    this.#process.stdin?.destroy();
  }

  #hear(text: string): void {
    const lines = (this.#half + text).split('\n');
    this.#half = lines.pop() ?? '';
    for (const line of lines) {
      const value = Number.parseInt(line.slice(2), 10);
      if (line.startsWith('X')) this.#ended(value);
      else if (line.startsWith('R')) this.#ready(value, Number(line.slice(line.lastIndexOf(' '))));
      else if (this.#running !== undefined) this.#running.refused = systemError(value);
    }
  }

  #ready(pid: number, startTicks: number): void {
    this.#hasServed = true;
    this.#spare = { pid, startTicks: startTicks || readStartTicks(pid) };
  }

  /** @param status as wait(2) gives it */
  #ended(status: number): void {
    const running = this.#running;
    this.#spare = undefined;
    this.#running = undefined;
    const signal = status & 0x7f;
    // One that is killed before it has read its request leaves it to the next: that one must not be asked anything else.
    if (signal !== 0) this.close();
    if (this.#over) this.#answers.destroy();
    else this.#answers.unref();
    if (running === undefined) return;
    if (running.refused !== undefined) running.done.reject(notRunnable(running.request, running.refused));
    else running.done.resolve(resultOf(signal === 0 ? status >> 8 : null, signal));
  }

  /** Killed by somebody: nobody will tell how its child ends. It must not run on unnoticed. */
  #lose(): void {
    const running = this.#running;
    this.close();
    if (running === undefined) return;
    signalGroup(running.pid, 'SIGKILL');
    this.#running = undefined;
    running.done.resolve(resultOf(null, constants.signals.SIGKILL));
  }
}

/** Marks of one child, which its parent must not bear, and what would change how the server itself runs. */
function isForChildrenOnly(name: string): boolean {
  return name === RUN_MARKER || name === STEP_MARKER || name.startsWith('PERL');
}

function difference(base: Environment, env: Environment): string[] {
  const fields: string[] = [];
  for (const name in env) if (env[name] !== base[name]) fields.push(`${name}=${env[name]}`);
  for (const name in base) if (!(name in env)) fields.push(name);
  return fields;
}

function resultOf(exitCode: number | null, signal: number): SpawnResult {
  return { exitCode, signal: exitCode === null ? signalName(signal) : null, stdout: '', stderr: '' };
}

function signalName(signal: number): string {
  return Object.entries(constants.signals).find(([, number]) => number === signal)?.[0] ?? `signal ${signal}`;
}

function systemError(errno: number): NodeJS.ErrnoException {
  const code = getSystemErrorName(-errno);
  return Object.assign(new Error(`spawn ${code}`), { errno: -errno, code, syscall: 'spawn' });
}
