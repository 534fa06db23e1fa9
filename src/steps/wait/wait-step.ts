import type { Step, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { awaitReady, lookOnce, type Readiness } from '../../resilience/wait-until.ts';
import type { CommandPlace } from '../command.ts';
import { type LookEnv, lookAt } from './look-at.ts';
import { describeTarget, type WaitTarget } from './wait-target.ts';

export interface WaitStepSpec extends CommandPlace {
  target: WaitTarget;
  timeoutMs: number;
  intervalMs: number;
}

/** Of one look, so that one which hangs is followed by others. */
export const LOOK_MS = 10_000;
/** Of the look that finds what is ready already. */
const FIRST_LOOK_MS = 5_000;

/** Body of a step that is done as soon as something is ready. Not through breakers: it is expected to fail for a while. */
export function waitBody(spec: WaitStepSpec): Pick<Step, 'inputs' | 'observe' | 'apply'> {
  const { target, timeoutMs, intervalMs } = spec;
  return {
    inputs: () => ({ target: JSON.stringify(target) }),
    observe: async (ctx) => {
      const env = lookEnv(spec, ctx);
      const seen = await lookOnce((signal) => lookAt(target, env, signal), FIRST_LOOK_MS, ctx);
      return seen.ready ? { state: 'present', reason: seen.answer } : { state: 'absent', reason: seen.reason };
    },
    apply: async (ctx) => {
      const env = lookEnv(spec, ctx);
      const seen = await awaitReady((signal) => lookAt(target, env, signal), {
        clock: ctx.clock,
        signal: ctx.signal,
        timeoutMs,
        intervalMs,
        lookMs: LOOK_MS,
        onReason: (reason) => {
          ctx.log(`not ready: ${reason}`);
          ctx.progress(`not ready: ${reason}`);
        },
      });
      if (!seen.ready) throw notReady(target, timeoutMs, seen);
      ctx.log(`ready: ${seen.answer}`);
      return undefined;
    },
  };
}

/** The error for what did not become ready in time. */
export function notReady(target: WaitTarget, timeoutMs: number, { reason }: Extract<Readiness, { ready: false }>) {
  const seconds = Math.round(timeoutMs / 100) / 10;
  return new InstallerError('step_failed', `${describeTarget(target)} was not ready within ${seconds} s: ${reason}`, {
    class: 'network_timeout',
  });
}

function lookEnv({ cwd, env, secrets }: CommandPlace, ctx: StepContext): LookEnv {
  return {
    cwd,
    env: ctx.env,
    query: ([file = '', ...args], signal) =>
      ctx.query({
        file,
        args,
        cwd,
        signal,
        ...(env === undefined ? {} : { env }),
        ...(secrets === undefined ? {} : { secrets }),
      }),
  };
}
