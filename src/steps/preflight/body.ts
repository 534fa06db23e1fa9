import type { Inputs, Outputs } from '../../engine/record.ts';
import type { Observation, Step, StepContext } from '../../engine/step.ts';
import { InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import type { Check, CheckResult, Remedy } from './check.ts';
import { countLevels, failureOf, lineOf, summaryOf } from './report.ts';
import { runChecks } from './run-checks.ts';

export interface PreflightOptions {
  /** Environment of the process, for the checks. Default: what children inherit. */
  env?: Readonly<Record<string, string | undefined>>;
  /** What the checks depend on, for the fingerprint. Default: none, since every run looks again anyway. */
  inputs?: Inputs;
}

/** Long enough for the downloads that remedies make; each check has its own, much shorter limit. */
const TIMEOUT_MS = 15 * 60_000;

/**
 * Body of a preflight step from a list of checks: all run at the same time, in every mode, and report together.
 *
 * Seen `present` when nothing is an error (warnings become notices), `absent` when all that is wrong can be mended by
 * remedies, else `unhealthy`. Applied, it asks once for all remedies, carries them out and looks again.
 *
 * @throws InstallerError from apply: `preflight_failed` (exit 3) with every finding, before anything was changed;
 *   `consent_needed` or `consent_declined` when remedies are not agreed to
 */
export function createPreflightBody(
  checks: readonly Check[],
  options: PreflightOptions,
): Omit<Step, 'id' | 'title' | 'needs'> {
  // The engine applies what it has just observed: the same round serves both.
  const rounds = new WeakMap<StepContext, readonly CheckResult[]>();
  const look = async (ctx: StepContext) => {
    ctx.progress(`${checks.length} checks`);
    const results = await runChecks(checks, ctx, options.env ?? ctx.env);
    rounds.set(ctx, results);
    for (const result of results) ctx.log(lineOf(result));
    return results;
  };

  const observe = async (ctx: StepContext): Promise<Observation> => {
    const results = await look(ctx);
    const warnings = results.filter(({ finding }) => finding.level === 'warning');
    // A survey (attempt 0) shows the details itself.
    if (ctx.attempt > 0) for (const warning of warnings) ctx.notice(lineOf(warning), 'warning');
    const details = results.map((result) => `${result.finding.level.padEnd(7)}  ${lineOf(result)}`);
    return { state: stateOf(results), reason: summaryOf(results), details, outputs: countLevels(results) };
  };

  const apply = async (ctx: StepContext): Promise<Outputs> => {
    const results = rounds.get(ctx) ?? (await look(ctx));
    const state = stateOf(results);
    if (state === 'unhealthy') throw failureOf(results, 'nothing was changed');
    if (state === 'absent') {
      await mend(ctx, results);
      const after = await look(ctx);
      if (stateOf(after) !== 'present') throw failureOf(after, 'what was downloaded stays; nothing else was changed');
      return countLevels(after);
    }
    return countLevels(results);
  };

  return {
    alwaysObserve: true,
    policy: { attempts: 1, timeoutMs: TIMEOUT_MS },
    inputs: () => options.inputs ?? {},
    observe,
    apply,
  };
}

function stateOf(results: readonly CheckResult[]): 'present' | 'absent' | 'unhealthy' {
  const errors = results.filter(({ finding }) => finding.level === 'error');
  if (errors.length === 0) return 'present';
  return errors.every(({ finding }) => finding.remedy !== undefined) ? 'absent' : 'unhealthy';
}

/** Asks once for everything, so that nobody is left with half of it by a second question. */
async function mend(ctx: StepContext, results: readonly CheckResult[]): Promise<void> {
  const remedies: Remedy[] = [];
  const details: string[] = [];
  for (const { finding } of results) {
    if (finding.level !== 'error' || finding.remedy === undefined) continue;
    remedies.push(finding.remedy);
    details.push(finding.remedy.offer);
    if (finding.hint !== undefined) details.push(`  or do it yourself: ${finding.hint}`);
  }
  const question = `Preflight: ${remedies.map((remedy) => remedy.offer).join('; ')}?`;
  try {
    await ctx.consent(question, details);
  } catch (thrown) {
    throw thrown instanceof InstallerError ? thrown.with({ lines: details }) : thrown;
  }
  const ended = await Promise.allSettled(remedies.map((remedy) => remedy.apply(ctx)));
  ctx.signal.throwIfAborted();
  const failures = ended.flatMap((one) => (one.status === 'rejected' ? [toInstallerError(one.reason)] : []));
  const [first] = failures;
  if (first === undefined) return;
  throw new InstallerError('preflight_failed', failures.map(({ message }) => message).join('; '), {
    lines: failures.flatMap(({ details }) => [
      ...(details.lines ?? []),
      ...(details.hint === undefined ? [] : [details.hint]),
    ]),
    hint: 'see to the above and run the same command again; nothing but downloads was changed',
    class: first.class,
    cause: first,
  });
}
