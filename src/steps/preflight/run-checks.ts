import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { CHECK_TIMEOUT_MS, type Check, type CheckEnv, type CheckResult, type Finding } from './check.ts';

type Context = Pick<StepContext, 'signal' | 'clock' | 'query' | 'isDone' | 'recorded'>;

/** Time left to a child before its check is given up, so that the check itself can say what did not answer. */
const MARGIN_MS = 500;

/**
 * Runs all checks at the same time, each for its own time at most. One that throws or hangs is a finding of its own.
 *
 * @returns one result per check that had something to say, in the order of the checks
 * @throws the signal's reason, when the run was stopped meanwhile
 */
export async function runChecks(
  checks: readonly Check[],
  ctx: Context,
  env: Readonly<Record<string, string | undefined>>,
): Promise<readonly CheckResult[]> {
  const shared = new Map<string, Promise<unknown>>();
  const once = <T>(key: string, make: () => Promise<T>): Promise<T> => {
    const made = (shared.get(key) as Promise<T> | undefined) ?? make();
    shared.set(key, made);
    return made;
  };
  const found = await Promise.all(checks.map((check) => runCheck(check, ctx, env, once)));
  ctx.signal.throwIfAborted();
  return checks.flatMap((check, index) => {
    const finding = found[index];
    return finding === undefined ? [] : [{ check, finding: soften(check, finding, ctx) }];
  });
}

async function runCheck(
  check: Check,
  ctx: Context,
  env: CheckEnv['env'],
  once: CheckEnv['once'],
): Promise<Finding | undefined> {
  const timeoutMs = check.timeoutMs ?? CHECK_TIMEOUT_MS;
  const controller = new AbortController();
  const childMs = Math.max(timeoutMs / 2, timeoutMs - MARGIN_MS);
  const { promise: stopped, resolve: stop } = Promise.withResolvers<Finding>();
  const giveUp = () => {
    const message = `no answer within ${timeoutMs / 1000} s`;
    stop({ level: 'error', message, hint: 'look what it waits for, then run the same command again' });
    controller.abort(new InstallerError('step_failed', message, { class: 'network_timeout' }));
  };
  const cancelled = () => {
    stop({ level: 'error', message: 'interrupted' });
    controller.abort(ctx.signal.reason);
  };
  const cancel = ctx.clock.after(timeoutMs, giveUp);
  if (ctx.signal.aborted) cancelled();
  else ctx.signal.addEventListener('abort', cancelled, { once: true });
  try {
    const found = attempt(check, {
      signal: controller.signal,
      clock: ctx.clock,
      env,
      recordedAt: lastRecorded(ctx),
      isDone: ctx.isDone,
      query: (command) => ctx.query({ ...command, timeoutMs: Math.min(command.timeoutMs ?? childMs, childMs) }),
      once,
    });
    return await Promise.race([found, stopped]);
  } finally {
    cancel();
    ctx.signal.removeEventListener('abort', cancelled);
  }
}

/** Never rejects, so that a check left behind after its time cannot end the process later. */
async function attempt(check: Check, env: CheckEnv): Promise<Finding | undefined> {
  try {
    return await check.run(env);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    const hint = thrown instanceof InstallerError ? thrown.details.hint : undefined;
    return {
      level: 'error',
      message: `could not be checked: ${message || 'no reason given'}`,
      hint: hint ?? 'see the step’s log; run the same command again once the cause is removed',
    };
  }
}

/** What only matters before a step that is done by now cannot stop anything any more. */
function soften(check: Check, finding: Finding, ctx: Context): Finding {
  if (finding.level !== 'error' || check.until === undefined || !ctx.isDone(check.until)) return finding;
  const { remedy: _none, ...rest } = finding;
  return { ...rest, level: 'warning', message: `${finding.message} (no hindrance: ${check.until} is done)` };
}

function lastRecorded({ recorded }: Context): number | undefined {
  const times = [recorded?.verified, recorded?.updated_at].flatMap((time) =>
    typeof time === 'string' && Number.isFinite(Date.parse(time)) ? [Date.parse(time)] : [],
  );
  return times.length === 0 ? undefined : Math.max(...times);
}
