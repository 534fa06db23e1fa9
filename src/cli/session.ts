import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Consent, Listener } from '../engine/ports.ts';
import type { EnginePorts } from '../engine/run-ports.ts';
import { classifyError } from '../errors/classify-error.ts';
import { PROFILES } from '../resilience/policy.ts';
import { createStatistics, type StatisticsByTarget } from '../resilience/statistics.ts';
import { rememberStatistics } from '../resilience/statistics-record.ts';
import { forgetState } from '../state/forget.ts';
import { estimate, readHistory } from '../state/history.ts';
import { acquireLock, type LockHandle } from '../state/lock.ts';
import { type StatePaths, statePaths } from '../state/paths.ts';
import { createDiskStore, sharedFolder } from '../state/shared-store.ts';
import { openState, type StateStore } from '../state/store.ts';
import { type ChildProcesses, createChildProcesses } from '../system/child-processes.ts';
import { systemClock } from '../system/clock.ts';
import { createLogFiles } from '../system/log-files.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { CommandTarget } from '../ui/next-command.ts';
import { createConsent } from '../ui/prompt.ts';
import { createReporter, type Reporter } from '../ui/reporter.ts';
import { collectSecrets } from './collect-secrets.ts';
import { type Interrupts, watchInterrupts } from './interrupts.ts';
import type { Options } from './options.ts';
import { openPlanTelemetry, telemetrySecrets, tellLeftover } from './run-telemetry.ts';
import { type Terminal, viewOf } from './terminal.ts';

const GRACE_MS = 5_000;

export interface SessionRequest {
  terminal: Terminal;
  options: Options;
  cluster: string;
  plan: string;
  /** Absolute path of a user's plan. */
  planPath?: string;
  /** Secrets that the plan declares, besides `--secret`. */
  secrets: readonly string[];
  command: string;
}

/** One installation, locked unless it is only looked at, with everything that a run of it needs; `close` always, whatever happened. */
export interface Session {
  runId: string;
  paths: StatePaths;
  state: StateStore;
  ports: EnginePorts;
  reporter: Reporter;
  telemetry: Telemetry;
  consent: Consent;
  signal: AbortSignal;
  /** How commands to type next name this installation. */
  target: CommandTarget;
  /** What came of everything that was asked of services in this session. */
  targets(): StatisticsByTarget;
  /** Forgets the state: what it records is gone. Logs and history stay. */
  forget(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The composition root: takes the lock, opens the state and builds the engine's ports. With `--dry-run` it takes no lock
 * and leaves nothing behind: what the looking prints goes into a folder that `close` removes.
 *
 * @throws InstallerError `locked`, `state_unusable`, `config`
 */
export async function openSession(request: SessionRequest): Promise<Session> {
  const { terminal, options, cluster, plan } = request;
  const paths = statePaths(terminal.home, cluster, plan);
  const declared = [...options.secrets, ...request.secrets, ...telemetrySecrets(terminal.env)];
  const secrets = collectSecrets(terminal.env, declared);
  const processes: ChildProcesses = createChildProcesses(secrets);
  let lock: LockHandle | undefined;
  let state: StateStore | undefined;
  let interrupts: Interrupts | undefined;
  let reporter: Reporter | undefined;
  let telemetry: Telemetry | undefined;
  const runId = newRunId();
  const lookOnly = options.dryRun;
  const logs = lookOnly ? join(tmpdir(), `contextcore-${runId}`) : paths.logs;
  const statistics = createStatistics();
  const shared = createDiskStore(sharedFolder(terminal.home));
  try {
    if (!lookOnly) lock = await acquireLock(paths, { command: request.command });
    const { planPath } = request;
    const store = await openState(paths, { cluster, plan, lookOnly, ...(planPath === undefined ? {} : { planPath }) });
    state = store;
    interrupts = watchInterrupts(options.timeoutMs, () => processes.killAll());
    const terminalReporter = createRunReporter(request, paths);
    reporter = terminalReporter;
    const consent = createConsent({
      yes: options.yes,
      stdin: terminal.stdin,
      stderr: terminal.stderr,
      interactive: terminal.interactive,
      reporter: terminalReporter,
      color: viewOf(terminal.stderr, terminal, options.color).color,
      signal: interrupts.signal,
    });
    const warn = (message: string) =>
      terminalReporter.listener({ type: 'notice', at: Date.now(), level: 'warning', message });
    const { env } = terminal;
    const runTelemetry = openPlanTelemetry({
      paths,
      document: () => store.document,
      options,
      env,
      secrets,
      notify: warn,
    });
    telemetry = runTelemetry;
    const hearTargets: Listener = (event) => {
      if ('target' in event) statistics.hear(event);
    };
    const listeners: Listener[] = [terminalReporter.listener, runTelemetry.listener, hearTargets];
    const ports: EnginePorts = {
      clock: systemClock,
      random: Math.random,
      processes,
      recorder: store,
      logs: createLogFiles(logs, runId),
      consent,
      secrets,
      listeners,
      env: terminal.env,
      shared,
      classify: classifyError,
      policy: PROFILES.install,
      graceMs: GRACE_MS,
    };
    for (const message of store.warnings) warn(message);
    const forget = async (): Promise<void> => {
      await store.close();
      await forgetState(paths);
    };
    const target = { cluster, plan, planPath };
    return {
      runId,
      paths,
      state: store,
      ports,
      reporter: terminalReporter,
      telemetry: runTelemetry,
      consent,
      signal: interrupts.signal,
      target,
      targets: statistics.byTarget,
      forget,
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }

  async function close(): Promise<void> {
    interrupts?.release();
    // Whatever ended the run: nothing may draw over what is printed next.
    await reporter?.finish();
    try {
      // The state first: the lock must cover its last write.
      await state?.close();
    } finally {
      await rememberStatistics(shared, statistics.byTarget());
      tellLeftover(terminal, { cluster, plan }, options, await telemetry?.close());
      await lock?.release();
      if (lookOnly) rmSync(logs, { recursive: true, force: true });
    }
  }
}

/** Sorts by time, and is unique. */
function newRunId(): string {
  return `${new Date().toISOString().replace(/[-:.]/g, '').toLowerCase()}-${randomUUID().slice(0, 8)}`;
}

function createRunReporter({ terminal, options }: SessionRequest, paths: StatePaths): Reporter {
  const runs = readHistory(paths);
  const { stderr, stdout, env } = terminal;
  const live = stderr.isTTY === true && !env.CI && env.TERM !== 'dumb' && !options.verbose;
  const kind = options.json ? 'json' : options.quiet ? 'quiet' : live ? 'live' : 'plain';
  return createReporter({
    kind,
    stream: stderr,
    stdout,
    ...viewOf(stderr, terminal, options.color),
    verbose: options.verbose,
    estimates: (step: string) => estimate(runs, step),
  });
}
