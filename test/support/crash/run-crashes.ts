import { RUN_MARKER, STEP_MARKER } from '../../../src/engine/child-commands.ts';
import type { StepRecord } from '../../../src/engine/record.ts';
import { statePaths } from '../../../src/state/paths.ts';
import { readState } from '../../../src/state/read-state.ts';
import { findMarkedProcesses } from '../../../src/system/marked-processes.ts';
import { type Ended, type RunningCli, startCli } from '../cli.ts';
import type { Subject } from './subject.ts';

/** SIGINT is Ctrl-C: it must end the engine with 130 and leave no child of it. */
type CrashSignal = 'SIGKILL' | 'SIGINT';

/** When to kill: so long after the start, or so long after a step was seen to have begun. Without a signal: SIGKILL. */
export type Moment = ({ afterMs: number } | { inStep: string; afterMs: number }) & { signal?: CrashSignal };

export interface Crash {
  number: number;
  /** Steps that were at work when it was killed, as the state tells; empty between steps. */
  killedIn: readonly string[];
  afterMs: number;
  /** Of the run that was killed. */
  exitCode: number | null;
  resumeMs: number;
  faults: readonly string[];
}

/** Whose state is looked at. */
type Place = Pick<Subject, 'home' | 'cluster' | 'plan'>;

const RESUME_WITHIN_MS = 600_000;

/** A stream of numbers in [0, 1) that a seed repeats (mulberry32, public domain). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Installs, kills the engine with SIGKILL at a moment, resumes to the end, and judges what is there then.
 *
 * @param number of the crash in its series, for the report
 */
export async function crashOnce(subject: Subject, moment: Moment, number: number): Promise<Crash> {
  await subject.clear();
  const killed = await startAndKill(subject, subject.install, moment);
  const killedIn = stepsAtWork(subject);
  const early = killed.signal === 'SIGKILL' || killed.exitCode === 0 ? [] : [`ended with ${killed.exitCode} by itself`];
  const { resumeMs, faults } = await resumeAndJudge(subject);
  return {
    number,
    killedIn,
    afterMs: moment.afterMs,
    exitCode: killed.exitCode,
    resumeMs,
    faults: [...early, ...faults],
  };
}

/**
 * One installation that is killed (or interrupted) once at each moment, the resume after a kill being the next that is killed, and
 * then resumed to its end. Cheaper than {@link crashOnce} where an installation takes minutes.
 */
export async function crashInChain(subject: Subject, moments: readonly Moment[]): Promise<readonly Crash[]> {
  await subject.clear();
  const crashes: Crash[] = [];
  for (const [index, moment] of moments.entries()) {
    const doneBefore = completedSteps(subject);
    const ended = await startAndKill(subject, index === 0 ? subject.install : subject.resume, moment);
    const faults = repeatedSteps(ended.stdout, doneBefore).map((step) => `${step} was completed and ran again`);
    // One that came to its end before the signal has ended well, also when it was still tidying up after itself.
    const isOver = ended.exitCode === 0 || (ended.signal === 'SIGINT' && hasSucceeded(ended.stdout));
    if (ended.signal !== 'SIGKILL' && ended.exitCode !== 130 && !isOver) {
      faults.push(`ended with ${ended.exitCode}: ${ended.stderr.trim().split('\n').slice(-6).join(' / ')}`);
    }
    if (ended.exitCode === 130) faults.push(...childrenLeft(subject).map((child) => `${child} is left`));
    const killedIn = stepsAtWork(subject);
    const { exitCode } = ended;
    crashes.push({ number: index + 1, killedIn, afterMs: moment.afterMs, exitCode, resumeMs: 0, faults });
  }
  const last = await resumeAndJudge(subject);
  return crashes.map((crash, index) => {
    if (index < crashes.length - 1) return crash;
    return { ...crash, resumeMs: last.resumeMs, faults: [...crash.faults, ...last.faults] };
  });
}

async function startAndKill(subject: Subject, args: readonly string[], moment: Moment): Promise<Ended> {
  // A step that was killed before stands there as being at work: it must begin anew.
  const before = 'inStep' in moment ? stepsOf(subject)[moment.inStep]?.started_at : undefined;
  const engine = startEngine(subject, args);
  let ended = false;
  void engine.ended.then(() => {
    ended = true;
  });
  // One that only looks is never recorded as being at work, but Ctrl-C must end it all the same.
  if ('inStep' in moment && moment.signal === 'SIGINT')
    await engine.seen(startOf(moment.inStep)).catch(() => undefined);
  else if ('inStep' in moment) await waitForStep(subject, moment.inStep, before, () => ended);
  await Promise.race([new Promise((resolve) => setTimeout(resolve, moment.afterMs)), engine.ended]);
  engine.kill(moment.signal ?? 'SIGKILL');
  return await engine.ended;
}

async function resumeAndJudge(subject: Subject): Promise<Pick<Crash, 'resumeMs' | 'faults'>> {
  const doneBefore = completedSteps(subject);
  const { exitCode, ms, stdout, stderr } = await withLimit(startEngine(subject, subject.resume));
  const faults: string[] = [];
  if (exitCode !== 0) faults.push(`resume ended with ${exitCode}: ${stderr.trim().split('\n').slice(-6).join(' / ')}`);
  for (const step of repeatedSteps(stdout, doneBefore)) faults.push(`${step} was completed and ran again`);
  const done = completedSteps(subject);
  const missing = subject.steps.filter((step) => !done.has(step));
  if (missing.length > 0) faults.push(`not completed: ${missing.join(', ')}`);
  faults.push(...(await subject.findFaults()));
  return { resumeMs: Math.round(ms), faults };
}

function startEngine(subject: Subject, args: readonly string[]): RunningCli {
  const { program, home, cwd, env } = subject;
  return startCli(program, [...args, '--json'], { home, cwd, ...(env === undefined ? {} : { env }) });
}

async function withLimit(engine: RunningCli) {
  const timer = setTimeout(() => engine.kill('SIGTERM'), RESUME_WITHIN_MS);
  return await engine.ended.finally(() => clearTimeout(timer));
}

/** Whether the run's last event tells of its success. */
function hasSucceeded(events: string): boolean {
  return /^(?=.*"type":"run_finished")(?=.*"result":"success")/m.test(events);
}

/** The event of a step's start, as a line of JSON. */
function startOf(step: string): RegExp {
  return new RegExp(`^(?=.*"type":"step_started")(?=.*"step":"${step}")`, 'm');
}

/** Waits until the record says that a step has begun since, or is completed, or the engine has ended. */
async function waitForStep(
  subject: Subject,
  step: string,
  before: string | undefined,
  hasEnded: () => boolean,
): Promise<void> {
  while (!hasEnded()) {
    const record = stepsOf(subject)[step];
    if (record?.status === 'completed') return;
    if (record?.status === 'in_progress' && record.started_at !== before) return;
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
}

/** Steps that are recorded as being at work, the journal included. */
function stepsAtWork(place: Place): readonly string[] {
  return stepsThat(place, 'in_progress');
}

function completedSteps(subject: Subject): ReadonlySet<string> {
  return new Set(stepsThat(subject, 'completed'));
}

function stepsThat(place: Place, status: string): readonly string[] {
  return Object.entries(stepsOf(place)).flatMap(([id, record]) => (record.status === status ? [id] : []));
}

function stepsOf({ home, cluster, plan }: Place): Readonly<Record<string, StepRecord>> {
  try {
    return readState(statePaths(home, cluster, plan)).document?.steps ?? {};
  } catch {
    // Read in the middle of a change, by somebody who holds no lock: the next look tells.
    return {};
  }
}

/** Children of the latest run, which has ended, by the marker in their environment. */
function childrenLeft({ home, cluster, plan }: Subject): readonly string[] {
  const { document } = readState(statePaths(home, cluster, plan));
  const runId = document?.run_id;
  if (runId === undefined) return ['what was not recorded'];
  return findMarkedProcesses(RUN_MARKER, runId, STEP_MARKER).map(({ program, step }) => `${program} of ${step}`);
}

/** Steps that were recorded as done before the resume and were applied in it all the same. */
function repeatedSteps(events: string, done: ReadonlySet<string>): readonly string[] {
  // The last line is empty, or was cut off by the kill.
  const lines = events.split('\n').slice(0, -1);
  const applied = lines.flatMap((line) => {
    if (!line.includes('"attempt_started"')) return [];
    const { step, action } = JSON.parse(line) as { step: string; action: string };
    return action === 'apply' && done.has(step) ? [step] : [];
  });
  return [...new Set(applied)];
}

/**
 * Kills at random moments, up to `spanMs` after the start, `workers` installations beside each other. Where a run takes
 * longer than that, up to as long as the one before: on a slow machine all kills would hit programs that only start.
 */
export async function crashAtRandom(
  makeSubject: () => Promise<Subject> | Subject,
  options: { count: number; spanMs: number; random: () => number; workers: number; onCrash?: (crash: Crash) => void },
): Promise<readonly Crash[]> {
  const parts = Array.from({ length: options.count }, () => options.random());
  const crashes: Crash[] = [];
  const work = async () => {
    const subject = await makeSubject();
    let spanMs = options.spanMs;
    try {
      for (let number = next++; number < options.count; number = next++) {
        const afterMs = Math.round((parts[number] ?? 0) * spanMs);
        const crash = await crashOnce(subject, { afterMs }, number + 1);
        spanMs = Math.max(options.spanMs, crash.resumeMs);
        crashes.push(crash);
        options.onCrash?.(crash);
      }
    } finally {
      await subject.destroy();
    }
  };
  let next = 0;
  await Promise.all(Array.from({ length: options.workers }, work));
  return crashes;
}
