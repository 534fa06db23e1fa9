import { prometheusGroups } from '../../dashboards/alerts/render.ts';
import { type PushedGroup, pushRules, removeRules } from '../../dashboards/push-rules.ts';
import { digestOf } from '../../engine/fingerprint.ts';
import type { Outputs } from '../../engine/record.ts';
import type { Observation, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ClusterConfig, FurtherStep, StepBody, StepId } from '../provider.ts';
import { baseUrl } from './endpoints.ts';

const TIMEOUT_MS = 60_000;

/**
 * Step `alert_rules`, where Mimir is installed: its ruler has the alerts on installations, so that they are told while
 * Grafana is down, too. Optional: a stack without them is a working one, and what is missing is shown as a failed step.
 */
export function createAlertRules(config: ClusterConfig): FurtherStep {
  const body: StepBody = {
    severity: 'optional',
    // A ruler whose storage has just started may answer with 5xx for a moment.
    policy: { timeoutMs: TIMEOUT_MS, attempts: 5, delayMs: 2_000, maxDelayMs: 10_000 },
    inputs: () => ({ rules: digestOf(JSON.stringify(prometheusGroups()), 16) }),
    observe: (ctx) => observe(ctx, config),
    apply: (ctx) => apply(ctx, config),
    rollback: (ctx) => rollback(ctx, config),
  };
  return { id: 'alert_rules', title: 'Load the alert rules', needs: ['services_verify'], body };
}

function rulerOf(ctx: StepContext, config: ClusterConfig) {
  return { url: baseUrl(ctx, config, 'mimir'), signal: ctx.signal };
}

async function observe(ctx: StepContext, config: ClusterConfig): Promise<Observation> {
  let groups: readonly PushedGroup[];
  try {
    groups = await pushRules({ ...rulerOf(ctx, config), dryRun: true });
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    if (!(thrown instanceof InstallerError)) throw thrown;
    return { state: 'unknown', reason: thrown.message };
  }
  const wrong = groups.filter(({ action }) => action !== 'keep');
  if (wrong.length === 0) return { state: 'present', reason: `${countRules(groups)} rules are loaded` };
  const details = wrong.map(({ name, action }) => `${FINDINGS[action]}: ${name}`);
  const state = groups.every(({ action }) => action === 'create') ? 'absent' : 'unhealthy';
  return { state, reason: details.join('; '), details };
}

const FINDINGS: Readonly<Record<PushedGroup['action'], string>> = {
  create: 'not loaded',
  update: 'differs',
  remove: 'no longer among the rules',
  keep: 'as it should be',
};

async function apply(ctx: StepContext, config: ClusterConfig): Promise<Outputs> {
  const groups = await pushRules(rulerOf(ctx, config));
  return { rules: countRules(groups) };
}

/** A cluster of ours goes as a whole; in another, Mimir's data stays, and with it what is loaded. */
async function rollback(ctx: StepContext, config: ClusterConfig): Promise<void> {
  if (ctx.outputsOf('cluster_create' satisfies StepId).ours !== false) return;
  try {
    await removeRules(rulerOf(ctx, config));
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    // No reason to leave everything else there.
    if (!(thrown instanceof InstallerError)) throw thrown;
    ctx.notice(`the alert rules stay in Mimir's data: ${thrown.message}`, 'warning');
  }
}

function countRules(groups: readonly PushedGroup[]): number {
  return groups.reduce((sum, { rules }) => sum + rules, 0);
}
