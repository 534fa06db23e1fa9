import { parse, stringify } from 'yaml';
import { prometheusGroups, type RenderOptions } from './alerts/render.ts';
import { type ApiOptions, askApi, refuse } from './http.ts';

export interface PushRulesOptions extends ApiOptions, RenderOptions {
  /** `X-Scope-OrgID`; left out when multitenancy is off. */
  tenant?: string;
  /** Where the groups stand in the ruler; what else stands in it is left alone. */
  namespace?: string;
  /** Says what would be done, and changes nothing. */
  dryRun?: boolean;
}

export interface PushedGroup {
  name: string;
  action: 'create' | 'update' | 'keep' | 'remove';
  rules: number;
}

const NAMESPACE = 'contextcore-install';
/** Only groups with this prefix are ours. */
const PREFIX = 'contextcore-install-';

/**
 * Loads the alert rules into Mimir's ruler by its configuration API
 * (https://grafana.com/docs/mimir/latest/references/http-api/#ruler-rules): one request per group that differs, and groups of
 * ours that are no more are removed.
 *
 * @param options `url` is Mimir's, without `/prometheus`
 * @returns what was done (or would be) with each group
 * @throws InstallerError `step_failed` when it does not answer or refuses
 */
export async function pushRules(options: PushRulesOptions): Promise<readonly PushedGroup[]> {
  return await syncGroups(options, prometheusGroups(options));
}

/** Takes our groups out of the ruler again; others in the namespace stay. @throws InstallerError as {@link pushRules} */
export async function removeRules(options: PushRulesOptions): Promise<readonly PushedGroup[]> {
  return await syncGroups(options, []);
}

async function syncGroups(
  options: PushRulesOptions,
  groups: ReturnType<typeof prometheusGroups>,
): Promise<readonly PushedGroup[]> {
  const { dryRun = false, namespace = NAMESPACE } = options;
  const path = `/prometheus/config/v1/rules/${encodeURIComponent(namespace)}`;
  const headers = options.tenant === undefined ? {} : { 'X-Scope-OrgID': options.tenant };
  const loaded = await readGroups(options, path, namespace, headers);
  const results: PushedGroup[] = [];
  for (const group of groups) {
    const there = loaded.get(group.name);
    const action = there === undefined ? 'create' : contains(there, group) ? 'keep' : 'update';
    if (action !== 'keep' && !dryRun) {
      const yaml = { ...headers, 'Content-Type': 'application/yaml' };
      const response = await askApi(options, path, { method: 'POST', headers: yaml, body: stringify(group) });
      if (!response.ok) await refuse(response, `loading the rules ${group.name}`);
      await response.body?.cancel();
    }
    loaded.delete(group.name);
    results.push({ name: group.name, action, rules: group.rules.length });
  }
  for (const name of [...loaded.keys()].filter((one) => one.startsWith(PREFIX))) {
    if (!dryRun) {
      const response = await askApi(options, `${path}/${encodeURIComponent(name)}`, { method: 'DELETE', headers });
      if (!response.ok && response.status !== 404) await refuse(response, `removing the rules ${name}`);
      await response.body?.cancel();
    }
    results.push({ name, action: 'remove', rules: 0 });
  }
  return results;
}

type Group = { name: string; [field: string]: unknown };

async function readGroups(
  options: ApiOptions,
  path: string,
  namespace: string,
  headers: Readonly<Record<string, string>>,
): Promise<Map<string, Group>> {
  const response = await askApi(options, path, { headers });
  if (response.status === 404) {
    await response.body?.cancel();
    return new Map();
  }
  if (!response.ok) await refuse(response, 'reading the rules');
  const answer = parse(await response.text()) as Record<string, Group[]> | null;
  return new Map((answer?.[namespace] ?? []).map((group) => [group.name, group]));
}

/** Whether all of `part` is found in `all`: Mimir gives back what was sent, and adds fields of its own. */
function contains(all: unknown, part: unknown): boolean {
  if (Array.isArray(part)) {
    return Array.isArray(all) && all.length === part.length && part.every((one, index) => contains(all[index], one));
  }
  if (typeof part === 'object' && part !== null) {
    if (typeof all !== 'object' || all === null) return false;
    return Object.entries(part).every(([key, value]) => contains((all as Record<string, unknown>)[key], value));
  }
  return all === part;
}
