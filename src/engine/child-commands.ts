import type { ErrorClass } from '../errors/error-class.ts';
import { InstallerError } from '../errors/installer-error.ts';
import type { ChildHandle, Clock, SpawnRequest, SpawnResult } from './ports.ts';
import type { RecordedChild } from './record.ts';
import { type EnginePorts, emit, isoTime } from './run-ports.ts';
import type { Secrets } from './secrets.ts';
import type { Command, QueryResult } from './step.ts';

/** Marks a child with the run that started it, so that it is found even if the run is killed before it is recorded. */
export const RUN_MARKER = 'CONTEXTCORE_RUN_ID';
export const STEP_MARKER = 'CONTEXTCORE_STEP';

const QUERY_LIMIT = 8 * 1024 * 1024;
/** How often the log of a running child is held to its bound. */
const TRIM_MS = 500;

interface Attempt {
  ports: EnginePorts;
  runId: string;
  step: string;
  attempt: number;
  /** Path of this attempt's log. */
  log: string;
  signal: AbortSignal;
  /** Children of this attempt that live now; shared by parallel commands. */
  children: RecordedChild[];
}

/**
 * Runs a command with its output in the attempt's log.
 *
 * @throws InstallerError `step_failed` with the tail of the output unless it exits with 0; the signal's reason when aborted
 */
export async function execCommand(attempt: Attempt, command: Command): Promise<void> {
  const { ports, log } = attempt;
  const before = ports.logs.size(log);
  const env = childEnvironment(attempt, command);
  const given = [...Object.values(env), ...(command.args ?? []), command.input ?? ''];
  const to = ports.secrets.isIn(given) ? 'masked' : 'log';
  const trim = () => ports.logs.trim(log);
  const stopTrimming = repeat(ports.clock, TRIM_MS, trim);
  const request: SpawnRequest = { ...requestOf(command, env), output: { to, path: log } };
  const result = await runChild(attempt, command, request, true).finally(stopTrimming);
  trim();
  if (result.exitCode !== 0) throw failure(attempt, command, result, before);
}

/**
 * Runs a command for a short answer; nothing is logged and its exit code is the caller's to judge.
 *
 * @throws InstallerError `step_failed` for an answer beyond the limit; the signal's reason when aborted
 */
export async function queryCommand(attempt: Attempt, command: Command): Promise<QueryResult> {
  const env = childEnvironment(attempt, command);
  const request: SpawnRequest = { ...requestOf(command, env), output: { to: 'capture', limit: QUERY_LIMIT } };
  const result = await runChild(attempt, command, request, false);
  if (result.truncated !== true) return result;
  throw new InstallerError('step_failed', `${command.file} answered with more than ${QUERY_LIMIT / 2 ** 20} MiB`, {
    step: attempt.step,
    command: commandLine(attempt, command),
  });
}

function repeat(clock: Clock, ms: number, call: () => void): () => void {
  let cancel = clock.after(ms, again);
  function again(): void {
    call();
    cancel = clock.after(ms, again);
  }
  return () => cancel();
}

/** A command line for people, secrets masked. */
function commandLine(attempt: Pick<Attempt, 'ports'>, command: Command): string {
  const words = [command.file, ...(command.args ?? [])];
  return attempt.ports.secrets.mask(words.map((word) => (/[^\w@%+=:,./-]/.test(word) ? `'${word}'` : word)).join(' '));
}

function requestOf(command: Command, env: Record<string, string>): Omit<SpawnRequest, 'output'> {
  return {
    file: command.file,
    args: command.args ?? [],
    env,
    ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
    ...(command.input === undefined ? {} : { input: command.input }),
  };
}

/** It is the same for every child of a run. */
const INHERITED = new WeakMap<object, { secrets: Secrets; kept: Readonly<Record<string, string>> }>();

/** The environment of this process without the secrets: what every child inherits. */
export function inheritedEnvironment({ env, secrets }: EnginePorts): Readonly<Record<string, string>> {
  const known = INHERITED.get(env);
  if (known?.secrets === secrets) return known.kept;
  const withheld = new Set(secrets.names);
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !withheld.has(name)) kept[name] = value;
  }
  INHERITED.set(env, { secrets, kept });
  return kept;
}

/** @throws InstallerError `config` when the secret is not set */
export function secretValue({ secrets }: EnginePorts, step: string, name: string): string {
  const value = secrets.value(name);
  if (value !== undefined) return value;
  throw new InstallerError('config', `the secret ${name} is not set in the environment`, {
    step,
    hint: `export ${name} and run the same command again`,
  });
}

function childEnvironment({ ports, runId, step }: Attempt, command: Command): Record<string, string> {
  const env: Record<string, string> = { ...inheritedEnvironment(ports) };
  for (const name of command.secrets ?? []) env[name] = secretValue(ports, step, name);
  return Object.assign(env, ports.childEnv?.(step), command.env, { [RUN_MARKER]: runId, [STEP_MARKER]: step });
}

async function runChild(
  attempt: Attempt,
  command: Command,
  request: SpawnRequest,
  recorded: boolean,
): Promise<SpawnResult> {
  const { ports, step } = attempt;
  const signal = signalOf(attempt, command);
  signal.throwIfAborted();
  const child = await ports.processes.spawn(request);
  const program = command.file.slice(command.file.lastIndexOf('/') + 1);
  const limit = commandSignal(ports, signal, command.timeoutMs);
  let ending: Promise<void> | undefined;
  const end = () => {
    ending ??= child.terminate(ports.graceMs);
  };
  if (limit.signal.aborted) end();
  else limit.signal.addEventListener('abort', end, { once: true });
  let over = false;
  try {
    if (recorded) await recordChildren(attempt, child, program);
    emit(ports, {
      type: 'child_started',
      at: ports.clock.now(),
      step,
      attempt: attempt.attempt,
      pid: child.pid,
      program,
    });
    const result = await child.result;
    await ending;
    over = true;
    const { exitCode, signal: killedBy } = result;
    const at = ports.clock.now();
    emit(ports, {
      type: 'child_finished',
      at,
      step,
      attempt: attempt.attempt,
      pid: child.pid,
      program,
      exitCode,
      signal: killedBy,
    });
    signal.throwIfAborted();
    if (limit.signal.aborted) throw timedOut(attempt, command);
    return result;
  } finally {
    // A child that could not be recorded must not outlive us unnoticed.
    if (!over) await child.terminate(ports.graceMs);
    limit.clear();
    limit.signal.removeEventListener('abort', end);
    forgetChild(attempt, child.pid);
  }
}

/** Survives kill -9 of the engine without an fdatasync: a power cut ends the child as well. */
async function recordChildren(attempt: Attempt, child: ChildHandle, program: string): Promise<void> {
  const { ports, step, children } = attempt;
  children.push({ pid: child.pid, start_ticks: child.startTicks, program });
  const at = isoTime(ports.clock.now());
  await ports.recorder.record({ at, steps: { [step]: { children: [...children] } } }, { durable: false });
}

function forgetChild(attempt: Attempt, pid: number): void {
  const index = attempt.children.findIndex((entry) => entry.pid === pid);
  if (index >= 0) attempt.children.splice(index, 1);
}

function signalOf({ signal }: Attempt, { signal: own }: Command): AbortSignal {
  return own === undefined || own === signal ? signal : AbortSignal.any([signal, own]);
}

function commandSignal(
  { clock }: EnginePorts,
  signal: AbortSignal,
  timeoutMs: number | undefined,
): { signal: AbortSignal; clear(): void } {
  if (timeoutMs === undefined) return { signal, clear: () => undefined };
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  const cancel = clock.after(timeoutMs, () => controller.abort());
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    clear: () => {
      cancel();
      signal.removeEventListener('abort', stop);
    },
  };
}

function timedOut(attempt: Attempt, command: Command): InstallerError {
  return new InstallerError('step_failed', `${command.file} did not end within ${command.timeoutMs} ms`, {
    ...evidence(attempt, command),
    class: 'network_timeout',
  });
}

/** @param from where its own output begins in the log: what an earlier command said tells nothing of this one */
function failure(attempt: Attempt, command: Command, result: SpawnResult, from: number): InstallerError {
  const how = result.exitCode === null ? `was ended by ${result.signal}` : `exited with ${result.exitCode}`;
  const error = new InstallerError('step_failed', `${command.file} ${how}`, {
    ...evidence(attempt, command, from),
    ...(result.exitCode === null ? {} : { childExit: result.exitCode }),
  });
  const found: ErrorClass = attempt.ports.classify(error);
  return error.with({ class: found });
}

function evidence(attempt: Attempt, command: Command, from?: number) {
  const tail = attempt.ports.logs.tail(attempt.log, undefined, from).map(attempt.ports.secrets.mask);
  return { step: attempt.step, command: commandLine(attempt, command), tail, log: attempt.log };
}
