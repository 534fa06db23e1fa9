import { InstallerError } from '../errors/installer-error.ts';
import { createGuard, type Guard } from '../resilience/guard.ts';
import { execCommand, inheritedEnvironment, queryCommand, secretValue } from './child-commands.ts';
import { decide, type Standing } from './decide.ts';
import type { Action } from './events.ts';
import { isDone, type Mode, type Outputs, type RecordedChild, type StepRecord } from './record.ts';
import { type EnginePorts, emit, isoTime } from './run-ports.ts';
import type { Observation, Step, StepContext } from './step.ts';

/** What every step of a run shares. */
export interface RunContext {
  ports: EnginePorts;
  mode: Mode;
  runId: string;
  /** Aborted by a signal of the user or by the limit of the whole run. */
  signal: AbortSignal;
}

export interface AttemptResult {
  action: Action;
  outputs?: Outputs;
  reason?: string;
}

/** What a step sees of the engine during one attempt. */
export function createStepContext(
  run: RunContext,
  step: Step,
  options: {
    attempt: number;
    log: string;
    signal: AbortSignal;
    recorded: StepRecord | undefined;
    /** Whether the run has gone on without this attempt: whatever it still does is not heard. */
    isAbandoned?: () => boolean;
  },
): StepContext {
  const { ports } = run;
  const { attempt, log, signal } = options;
  const children: RecordedChild[] = [];
  const child = { ports, runId: run.runId, step: step.id, attempt, log, signal, children };
  const now = () => ports.clock.now();
  const unlessAbandoned =
    <A extends unknown[]>(call: (...args: A) => void) =>
    (...args: A): void => {
      if (options.isAbandoned?.() !== true) call(...args);
    };
  // Most steps ask no service: they do not pay for it.
  let guard: Guard | undefined;
  const makeGuard = () =>
    createGuard({
      clock: ports.clock,
      random: ports.random,
      store: ports.shared,
      classify: ports.classify,
      mask: ports.secrets.mask,
      signal,
      hear: unlessAbandoned((event) => emit(ports, { ...event, step: step.id, stepAttempt: attempt })),
    });
  return {
    step: step.id,
    mode: run.mode,
    attempt,
    signal,
    clock: ports.clock,
    random: ports.random,
    consent: ports.consent,
    mask: ports.secrets.mask,
    get env() {
      return inheritedEnvironment(ports);
    },
    secret: (name) => secretValue(ports, step.id, name),
    get guard() {
      guard ??= makeGuard();
      return guard;
    },
    recorded: options.recorded,
    isDone: (id) => isDone(ports.recorder.step(id)?.status),
    outputsOf: (id) => ports.recorder.step(id)?.outputs ?? {},
    exec: (command) => execCommand(child, command),
    query: (command) => queryCommand(child, command),
    remember: async (outputs) => {
      if (options.isAbandoned?.() === true) throw signal.reason;
      const merged = { ...ports.recorder.step(step.id)?.outputs, ...outputs };
      await ports.recorder.record({
        at: isoTime(now()),
        steps: { [step.id]: { outputs: maskOutputs(ports, merged) } },
      });
    },
    log: unlessAbandoned((line) => ports.logs.append(log, `${ports.secrets.mask(line)}\n`)),
    progress: unlessAbandoned((message, detail = {}) => {
      const item = detail.item === undefined ? {} : { item: ports.secrets.mask(detail.item) };
      const masked = ports.secrets.mask(message);
      emit(ports, { type: 'step_progress', at: now(), step: step.id, message: masked, ...detail, ...item });
    }),
    notice: unlessAbandoned((message, level = 'info') =>
      emit(ports, { type: 'notice', at: now(), level, step: step.id, message: ports.secrets.mask(message) }),
    ),
  };
}

/**
 * One look and, where needed, one deed.
 *
 * @param begin called before anything is changed: records the intent
 * @throws whatever the step throws; InstallerError `step_failed` when the world cannot be seen, or is still unhealthy
 */
export async function runAttempt(
  run: RunContext,
  step: Step,
  ctx: StepContext,
  standing: Standing,
  begin: (action: Action) => Promise<void>,
): Promise<AttemptResult> {
  const seen = await observe(run, step, ctx, 'before');
  const action = decide(run.mode, standing, seen);
  const reason = seen?.reason === undefined ? {} : { reason: seen.reason };
  if (action === 'keep')
    return { action, ...(seen?.outputs === undefined ? {} : { outputs: seen.outputs }), ...reason };
  await begin(action);
  if (action === 'repair' && seen !== undefined) {
    const mended = await (step.repair?.(ctx, seen) ?? step.apply(ctx));
    // What was mended is as it was before; changed inputs are yet to be carried over.
    const applied = standing.changed && step.repair !== undefined ? await step.apply(ctx) : undefined;
    const outputs = applied === undefined ? mended : { ...mended, ...applied };
    const after = await observe(run, step, withOutputs(ctx, outputs), 'after');
    if (after !== undefined && after.state !== 'present') {
      throw new InstallerError(
        'step_failed',
        `still ${after.state} after the repair: ${after.reason ?? 'no reason given'}`,
        {
          step: step.id,
          lines: after.details ?? [],
        },
      );
    }
    return { action, ...(outputs === undefined ? {} : { outputs }), ...reason };
  }
  const outputs = await step.apply(ctx);
  return { action, ...(outputs === undefined ? {} : { outputs }), ...reason };
}

/** What the repair has made is looked for by its own outputs, not by those of what is gone. */
function withOutputs(ctx: StepContext, outputs: Outputs | undefined): StepContext {
  if (outputs === undefined) return ctx;
  const recorded = ctx.recorded ?? { status: 'in_progress' };
  return { ...ctx, recorded: { ...recorded, outputs: { ...recorded.outputs, ...outputs } } };
}

/** Outputs with every known secret hidden. */
export function maskOutputs(ports: EnginePorts, outputs: Outputs): Outputs {
  return Object.fromEntries(
    Object.entries(outputs).map(([key, value]) => [key, typeof value === 'string' ? ports.secrets.mask(value) : value]),
  );
}

async function observe(
  run: RunContext,
  step: Step,
  ctx: StepContext,
  phase: 'before' | 'after',
): Promise<Observation | undefined> {
  if (step.observe === undefined) return undefined;
  const seen = await step.observe(ctx);
  const reason = seen.reason === undefined ? {} : { reason: run.ports.secrets.mask(seen.reason) };
  emit(run.ports, {
    type: 'step_observed',
    at: run.ports.clock.now(),
    step: step.id,
    state: seen.state,
    phase,
    ...reason,
  });
  if (seen.state === 'unknown') {
    throw new InstallerError('step_failed', `cannot tell how it is: ${seen.reason ?? 'no reason given'}`, {
      step: step.id,
      lines: seen.details ?? [],
      hint: 'nothing was changed by this step; see to it that it can be reached, then run the same command with --resume',
    });
  }
  return seen;
}
