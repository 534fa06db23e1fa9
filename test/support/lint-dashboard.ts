import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import * as units from '@grafana/grafana-foundation-sdk/units';
import { DASHBOARD_TAG } from '../../src/dashboards/marker.ts';
import { checkNames } from './check-names.ts';

export interface Target {
  refId?: string;
  expr?: string;
  query?: string;
  datasource?: { type?: string; uid?: string };
}

const UNITS: ReadonlySet<string> = new Set(Object.values(units).map(String));
/** Filled in by Grafana itself. */
const BUILT_IN = new Set(['__interval', '__range', '__rate_interval', '__data']);
const COLUMNS = 24;

/** Panels that show something, in order. */
export function panelsOf(dashboard: Dashboard): Panel[] {
  return (dashboard.panels ?? []).filter((panel): panel is Panel => panel.type !== 'row');
}

/** @returns what is wrong with a dashboard, one sentence each; empty when nothing is */
export function lintDashboard(dashboard: Dashboard): string[] {
  const panels = panelsOf(dashboard);
  return [
    ...lintHead(dashboard),
    ...lintVariables(dashboard),
    ...panels.flatMap((panel) => lintPanel(panel, sourcesOf(dashboard)).map((wrong) => `${panel.title}: ${wrong}`)),
    ...lintGrid(dashboard.panels ?? []),
  ];
}

function lintHead(dashboard: Dashboard): string[] {
  const wrong: string[] = [];
  if (!/^[a-z0-9-]{1,40}$/.test(dashboard.uid ?? '')) wrong.push(`uid ${dashboard.uid} is no stable uid`);
  if (!dashboard.tags?.includes(DASHBOARD_TAG)) wrong.push(`the tag ${DASHBOARD_TAG} is missing`);
  if (!dashboard.title || !dashboard.description) wrong.push('title or description is missing');
  const ids = (dashboard.panels ?? []).map(({ id }) => id);
  if (new Set(ids).size !== ids.length || ids.some((id) => !id)) wrong.push('panels need ids of their own');
  for (const mark of dashboard.annotations.list ?? []) {
    wrong.push(...lintSource(mark.datasource, sourcesOf(dashboard)), ...lintPromql(mark.expr ?? ''));
  }
  return wrong;
}

function sourcesOf(dashboard: Dashboard): ReadonlyMap<string, string> {
  const variables = dashboard.templating.list ?? [];
  const sources = variables.filter(({ type }) => type === 'datasource');
  return new Map(sources.map(({ name, query }) => [`$${name}`, String(query)]));
}

function lintVariables(dashboard: Dashboard): string[] {
  const defined = (dashboard.templating.list ?? []).map(({ name }) => name);
  const text = JSON.stringify([dashboard.panels, dashboard.annotations, dashboard.templating]);
  const used = new Set([...text.matchAll(/\$\{?([A-Za-z_]\w*)/g)].map((match) => match[1] ?? ''));
  const undefinedOnes = [...used].filter((name) => !defined.includes(name) && !BUILT_IN.has(name));
  const queries = (dashboard.templating.list ?? []).filter(({ type }) => type === 'query');
  return [
    ...undefinedOnes.map((name) => `variable $${name} is used, but not defined`),
    ...defined.filter((name) => !used.has(name)).map((name) => `variable $${name} is defined, but not used`),
    ...queries.flatMap(({ datasource, definition }) => [
      ...lintSource(datasource, sourcesOf(dashboard)),
      ...checkNames(definition ?? ''),
    ]),
  ];
}

function lintPanel(panel: Panel, sources: ReadonlyMap<string, string>): string[] {
  const wrong = lintSource(panel.datasource, sources);
  if (!panel.title || !panel.description) wrong.push('title or description is missing');
  const defaults = panel.fieldConfig?.defaults;
  if (panel.type !== 'logs' && !defaults?.noValue) wrong.push('says nothing when there is no data');
  const overridden = (panel.fieldConfig?.overrides ?? []).flatMap(({ properties }) => properties);
  const shown = [defaults?.unit, ...overridden.filter(({ id }) => id === 'unit').map(({ value }) => String(value))];
  for (const unit of panel.type === 'logs' ? [] : shown) {
    if (unit === undefined || !UNITS.has(unit)) wrong.push(`unit ${unit} is not known to Grafana`);
  }
  const targets = (panel.targets ?? []) as Target[];
  const refIds = targets.map(({ refId }) => refId);
  if (targets.length === 0) wrong.push('asks for nothing');
  if (refIds.some((refId) => !refId) || new Set(refIds).size !== refIds.length)
    wrong.push('refIds are missing or double');
  for (const target of targets) {
    wrong.push(...lintSource(target.datasource, sources));
    if (target.datasource?.uid !== panel.datasource?.uid) wrong.push(`${target.refId} asks another data source`);
    if (!target.expr && !target.query) wrong.push(`${target.refId} asks for nothing`);
    if (target.datasource?.type === 'prometheus') wrong.push(...lintPromql(target.expr ?? ''));
  }
  for (const [, refId] of JSON.stringify(panel.transformations ?? []).matchAll(/Value #(\w+)/g)) {
    if (!refIds.includes(refId)) wrong.push(`a column is made from ${refId}, which is not asked for`);
  }
  return wrong;
}

function lintSource(
  source: { type?: string; uid?: string } | undefined,
  sources: ReadonlyMap<string, string>,
): string[] {
  const type = sources.get(source?.uid ?? '');
  if (type === undefined) return [`data source ${source?.uid} is no variable of this dashboard`];
  return type === source?.type ? [] : [`data source ${source?.uid} is of type ${type}, not ${source?.type}`];
}

function lintPromql(expr: string): string[] {
  const bare = [...expr.matchAll(/contextcore_install_\w+(\{[^}]*\})?(?!\w|\{|\[)/g)].filter(
    (match) => expr[match.index + match[0].length] !== '[',
  );
  return [
    ...checkNames(expr),
    ...bare.map(([text]) => `${text} is asked for without a range: a pushed value is gone after five minutes`),
  ];
}

function lintGrid(panels: readonly (Panel | RowPanel)[]): string[] {
  const wrong: string[] = [];
  for (const [index, { title, gridPos }] of panels.entries()) {
    if (gridPos === undefined || gridPos.w < 1 || gridPos.h < 1 || gridPos.x < 0 || gridPos.x + gridPos.w > COLUMNS) {
      wrong.push(`${title}: has no place, or one beyond the grid`);
      continue;
    }
    for (const other of panels.slice(index + 1)) {
      if (other.gridPos !== undefined && overlap(gridPos, other.gridPos))
        wrong.push(`${title} and ${other.title} overlap`);
    }
  }
  return wrong;
}

type Box = { x: number; y: number; w: number; h: number };
function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
