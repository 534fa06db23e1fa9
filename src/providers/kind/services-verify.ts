import type { Outputs } from '../../engine/record.ts';
import type { Observation, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { awaitEndpoints, probeEndpoints } from '../../steps/verify/probe-endpoints.ts';
import type { ClusterConfig, StepBody } from '../provider.ts';
import { diagnoseService } from './diagnose-service.ts';
import { healthEndpoints } from './endpoints.ts';

/** Mimir and Loki join their own rings for a while after their pods are ready. */
const PATIENCE_MS = 120_000;
const TIMEOUT_MS = PATIENCE_MS + 60_000;

/** Step `services_verify`: each component answers on its own health address, by the way that the user takes. */
export function createServicesVerify(config: ClusterConfig): StepBody {
  return {
    policy: { timeoutMs: TIMEOUT_MS, attempts: 1 },
    inputs: () => Object.fromEntries(Object.entries(config.ports).map(([name, port]) => [name, String(port)])),
    observe: (ctx) => observe(ctx, config),
    apply: (ctx) => apply(ctx, config),
  };
}

async function observe(ctx: StepContext, config: ClusterConfig): Promise<Observation> {
  const results = await probeEndpoints(healthEndpoints(ctx, config), ctx.signal);
  const sick = results.filter(({ healthy }) => !healthy);
  if (sick.length === 0) return { state: 'present', reason: `${results.length} services answer` };
  const details = sick.map(({ endpoint, answer }) => `${endpoint.name}: ${answer} (${endpoint.url})`);
  const state = sick.length === results.length && ctx.recorded?.status !== 'completed' ? 'absent' : 'unhealthy';
  return { state, reason: details.join('; '), details };
}

async function apply(ctx: StepContext, config: ClusterConfig): Promise<Outputs> {
  const results = await awaitEndpoints(ctx, healthEndpoints(ctx, config), PATIENCE_MS);
  const sick = results.filter(({ healthy }) => !healthy);
  if (sick.length === 0) return { services: results.length };
  const lines = await Promise.all(sick.map((result) => diagnoseService(ctx, config, result)));
  const names = sick.map(({ endpoint }) => endpoint.name).join(', ');
  const verb = sick.length === 1 ? 'does' : 'do';
  throw new InstallerError('step_failed', `${names} ${verb} not answer after ${PATIENCE_MS / 1000} s`, {
    lines,
    hint: 'mend what is named above, then carry on with --resume; --repair restarts what crashed',
  });
}
