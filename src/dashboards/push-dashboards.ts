import * as z from 'zod';
import { InstallerError } from '../errors/installer-error.ts';
import { type ApiOptions, askApi, refuse } from './http.ts';
import { DASHBOARD_TAG } from './marker.ts';

/** A dashboard as committed: what we need of it, and all the rest. */
export interface DashboardFile {
  uid: string;
  title: string;
  tags: readonly string[];
  [field: string]: unknown;
}

export interface PushDashboardsOptions extends ApiOptions {
  dashboards: readonly DashboardFile[];
  /** Title of the folder; made when it is not there. */
  folder: string;
  /** Says what would be done, and changes nothing. */
  dryRun?: boolean;
}

export interface PushedDashboard {
  uid: string;
  title: string;
  /** `foreign`: somebody else's dashboard has the uid; it was left alone. */
  action: 'create' | 'update' | 'keep' | 'foreign';
  /** Address to open it, when Grafana knows it. */
  url?: string;
}

const foundSchema = z.object({
  dashboard: z.looseObject({ version: z.number().optional(), tags: z.array(z.string()).nullish() }),
  meta: z.looseObject({ folderUid: z.string().optional(), url: z.string().optional() }),
});
const savedSchema = z.looseObject({ url: z.string().optional() });

const FOLDER_UID = 'contextcore';
const JSON_HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json' };

/**
 * Puts dashboards into a Grafana by its API (https://grafana.com/docs/grafana/latest/developers/http_api/dashboard/).
 * One that has our uid, but not our tag, is never overwritten; neither is one that was changed while we looked.
 *
 * @returns what was done (or would be) with each, in the order given
 * @throws InstallerError `step_failed` when Grafana does not answer or refuses, `config` for a bad address
 */
export async function pushDashboards(options: PushDashboardsOptions): Promise<readonly PushedDashboard[]> {
  const { dryRun = false, dashboards } = options;
  const found = new Map<string, z.infer<typeof foundSchema>>();
  for (const { uid } of dashboards) {
    const one = await findDashboard(options, uid);
    if (one !== undefined) found.set(uid, one);
  }
  const plans = dashboards.map((dashboard) => ({ dashboard, action: actionFor(dashboard, found.get(dashboard.uid)) }));
  const changing = plans.some(({ action }) => action === 'create' || action === 'update');
  if (changing && !dryRun) await ensureFolder(options);
  const results: PushedDashboard[] = [];
  for (const { dashboard, action } of plans) {
    const { uid, title } = dashboard;
    const seen = found.get(uid);
    const changes = action === 'create' || action === 'update';
    const url = changes && !dryRun ? await saveDashboard(options, dashboard, seen?.dashboard.version) : seen?.meta.url;
    const address = url === undefined ? {} : { url: new URL(url, options.url).href };
    results.push({ uid, title, action, ...address });
  }
  return results;
}

function actionFor(ours: DashboardFile, seen: z.infer<typeof foundSchema> | undefined): PushedDashboard['action'] {
  if (seen === undefined) return 'create';
  if (!seen.dashboard.tags?.includes(DASHBOARD_TAG)) return 'foreign';
  const { id: _id, version: _version, ...theirs } = seen.dashboard;
  return seen.meta.folderUid === FOLDER_UID && canonical(theirs) === canonical(ours) ? 'keep' : 'update';
}

/** The same text for the same content, whatever the order of the fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

async function findDashboard(options: ApiOptions, uid: string) {
  const response = await askApi(options, `/api/dashboards/uid/${encodeURIComponent(uid)}`, { headers: JSON_HEADERS });
  if (response.status === 404) {
    await response.body?.cancel();
    return undefined;
  }
  if (!response.ok) return await refuse(response, `looking for dashboard ${uid}`);
  return await readAs(response, foundSchema, options.url);
}

async function ensureFolder(options: PushDashboardsOptions): Promise<void> {
  const response = await askApi(options, `/api/folders/${FOLDER_UID}`, { headers: JSON_HEADERS });
  await response.body?.cancel();
  if (response.ok) return;
  if (response.status !== 404) return await refuse(response, `looking for the folder ${options.folder}`);
  const body = JSON.stringify({ uid: FOLDER_UID, title: options.folder });
  const made = await askApi(options, '/api/folders', { method: 'POST', headers: JSON_HEADERS, body });
  if (!made.ok) return await refuse(made, `making the folder ${options.folder}`);
  await made.body?.cancel();
}

async function saveDashboard(
  options: ApiOptions,
  dashboard: DashboardFile,
  version: number | undefined,
): Promise<string | undefined> {
  // With the version that was seen and without `overwrite`, Grafana refuses when somebody has changed it since.
  const content = { ...dashboard, id: null, ...(version === undefined ? {} : { version }) };
  const message = 'contextcore-install dashboards push';
  const body = JSON.stringify({ dashboard: content, folderUid: FOLDER_UID, overwrite: false, message });
  const response = await askApi(options, '/api/dashboards/db', { method: 'POST', headers: JSON_HEADERS, body });
  if (response.status === 412) {
    await response.body?.cancel();
    throw new InstallerError('step_failed', `dashboard ${dashboard.title} was changed in Grafana meanwhile`, {
      hint: 'push again',
    });
  }
  if (!response.ok) return await refuse(response, `saving dashboard ${dashboard.title}`);
  return (await readAs(response, savedSchema, options.url)).url;
}

async function readAs<T>(response: Response, schema: z.ZodType<T>, url: string): Promise<T> {
  const parsed = schema.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  throw new InstallerError('step_failed', `${url} does not answer as Grafana does`, {
    hint: 'give the address of Grafana itself, with the path it is served under',
  });
}
