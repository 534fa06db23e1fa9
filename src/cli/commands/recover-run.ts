import { InstallerError } from '../../errors/installer-error.ts';
import { STEP_IDS } from '../../providers/provider.ts';
import type { StatePaths } from '../../state/paths.ts';
import { lastRunQuery, readLastRun, type ToldRun } from '../../telemetry/read-back/last-run.ts';
import { queryRawSamples } from '../../telemetry/read-back/prometheus-api.ts';
import type { Endpoint, TelemetrySettings } from '../../telemetry/settings.ts';

/**
 * Asks a metrics backend for the last run of a plan.
 *
 * @param timeoutMs of each request
 * @throws InstallerError `remote_unavailable` when it does not answer, or not tell enough
 */
export async function recoverRun(
  query: Endpoint,
  settings: TelemetrySettings,
  { cluster, plan }: StatePaths,
  timeoutMs: number,
): Promise<ToldRun> {
  const request = { env: settings.env, timeoutMs, now: Date.now() };
  const run = readLastRun(await queryRawSamples(query, lastRunQuery(cluster, plan), request));
  const nothing = (why: string, hint: string) => new InstallerError('remote_unavailable', why, { hint });
  if (run === undefined) {
    throw nothing(
      `${query.url} knows of no run of "${plan}" on cluster "${cluster}" in the last 30 days`,
      'nothing was changed; check --cluster, --plan and the tenant (CONTEXTCORE_TENANT)',
    );
  }
  if (run.closed === 'deleted') {
    throw nothing(
      `"${cluster}" (${plan}) was deleted since its last run`,
      'nothing was changed: there is nothing to resume',
    );
  }
  if (Object.keys(run.steps).length === 0) {
    throw nothing(
      `${query.url} knows of no step since the last run began at ${new Date(run.startedAt).toISOString()}`,
      'nothing was changed; what is not delivered yet may wait: contextcore-install telemetry flush',
    );
  }
  return { ...run, steps: inOrder(run.steps) };
}

/** As the plan has them, as far as it is known here; those of other plans by the time of their start. */
function inOrder(steps: ToldRun['steps']): ToldRun['steps'] {
  const place = (id: string) => (STEP_IDS as readonly string[]).indexOf(id);
  const rank = (id: string) => (place(id) < 0 ? STEP_IDS.length : place(id));
  const startOf = (id: string) => steps[id]?.startedAt ?? Number.MAX_SAFE_INTEGER;
  const ids = Object.keys(steps).sort((a, b) => rank(a) - rank(b) || startOf(a) - startOf(b) || (a < b ? -1 : 1));
  return Object.fromEntries(ids.map((id) => [id, steps[id] as ToldRun['steps'][string]]));
}
