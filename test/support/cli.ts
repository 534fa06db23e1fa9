import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export type Program = 'create-cluster' | 'contextcore-install';

export interface CliOptions {
  /** $CONTEXTCORE_HOME; undefined leaves the variable out. */
  home: string | undefined;
  cwd?: string;
  /** Added to the environment; undefined takes a variable out. */
  env?: Readonly<Record<string, string | undefined>>;
  /** User to run as; only root can ask for it. */
  uid?: number;
  /** Text on its standard input; nothing without it. */
  stdin?: string;
}

export interface Ended {
  /** Null when a signal that the program does not handle has ended it. */
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  ms: number;
}

export interface RunningCli {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves when stdout or stderr holds the text; rejects when the program ends without it. */
  seen(text: string | RegExp): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<Ended>;
}

/** Variables that change what the product prints or does; a test that wants one sets it. */
const NOT_INHERITED =
  /^(CONTEXTCORE_|OTEL_|CI$|NO_COLOR$|FORCE_COLOR$|TRACEPARENT$|GITHUB_|VITEST|NODE_ENV$|NODE_OPTIONS$)/;

/** As the launchers set it: the product starts as fast as for its users. */
const COMPILE_CACHE = join(tmpdir(), 'ccx-e2e-compile-cache');

/** Path of a program's entry in the source tree. */
export function entryOf(program: Program): string {
  return fileURLToPath(new URL(`../../src/cli/${program}.ts`, import.meta.url));
}

/** The environment of a program under test. */
export function cliEnvironment({ home, env }: Pick<CliOptions, 'home' | 'env'>): Record<string, string> {
  const inherited = Object.entries(process.env).filter(([name]) => !NOT_INHERITED.test(name));
  const all = { ...Object.fromEntries(inherited), NODE_COMPILE_CACHE: COMPILE_CACHE, CONTEXTCORE_HOME: home, ...env };
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Starts the real program with this Node.js, in a process group of its own. */
export function startCli(program: Program, args: readonly string[], options: CliOptions): RunningCli {
  const begun = performance.now();
  const child = spawn(process.execPath, [entryOf(program), ...args], {
    cwd: options.cwd ?? tmpdir(),
    env: cliEnvironment(options),
    stdio: [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    detached: true,
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  child.stdin?.end(options.stdin);
  const text = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream]?.setEncoding('utf8').on('data', (chunk: string) => {
      text[stream] += chunk;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, ...text, ms: performance.now() - begun }));
  });
  return {
    pid: child.pid ?? 0,
    child,
    ended,
    kill: (signal) => void child.kill(signal),
    seen: (wanted) =>
      new Promise((resolve, reject) => {
        const all = () => text.stdout + text.stderr;
        const look = () => {
          if (typeof wanted === 'string' ? all().includes(wanted) : wanted.test(all())) resolve();
        };
        child.stdout?.on('data', look);
        child.stderr?.on('data', look);
        child.once('close', () => reject(new Error(`ended without saying ${wanted}:\n${all()}`)));
        look();
      }),
  };
}

/** A home of the test's own, and the two programs in it; removed when the test has ended. */
export interface Ground {
  /** A folder for the test's files; `home` lies in it. */
  folder: string;
  home: string;
  install(args: readonly string[], options?: Partial<CliOptions>): Promise<Ended>;
  createCluster(args: readonly string[], options?: Partial<CliOptions>): Promise<Ended>;
  start(program: Program, args: readonly string[], options?: Partial<CliOptions>): RunningCli;
}

export function makeGround(): Ground {
  const folder = mkdtempSync(join(tmpdir(), 'ccx-e2e-'));
  const home = join(folder, 'home');
  const started: RunningCli[] = [];
  onTestFinished(async () => {
    for (const cli of started) if (cli.child.exitCode === null && cli.child.signalCode === null) cli.kill('SIGKILL');
    await Promise.all(started.map((cli) => cli.ended));
    // What was killed may write into it for a moment.
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  const start: Ground['start'] = (program, args, options = {}) => {
    const cli = startCli(program, args, { home, cwd: folder, ...options });
    started.push(cli);
    return cli;
  };
  return {
    folder,
    home,
    start,
    install: (args, options) => start('contextcore-install', args, options).ended,
    createCluster: (args, options) => start('create-cluster', args, options).ended,
  };
}
