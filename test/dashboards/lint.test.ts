import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard';
import { describe, expect, test } from 'vitest';
import { buildDashboards } from '../../src/dashboards/build/files.ts';
import { lintDashboard, panelsOf, type Target } from '../support/lint-dashboard.ts';

const dashboards = Object.entries(buildDashboards());

test.each(dashboards)('%s has nothing to find fault with', (_name, dashboard) => {
  expect(lintDashboard(dashboard)).toEqual([]);
});

/** Each breaks one thing of a good dashboard, and names what the lint must say. */
const MUTATIONS: Record<
  string,
  [breakIt: (dashboard: Dashboard, panel: Panel, target: Target) => void, finding: RegExp]
> = {
  'data source uid of a panel': [
    (_d, panel) => Object.assign(panel, { datasource: { type: 'prometheus', uid: 'P1' } }),
    /data source P1/,
  ],
  'data source uid of a query': [
    (_d, _p, target) => Object.assign(target, { datasource: { type: 'prometheus', uid: '' } }),
    /data source {2}is no variable/,
  ],
  'data source type': [
    (_d, _p, target) => Object.assign(target, { datasource: { type: 'loki', uid: '$prometheus' } }),
    /not loki/,
  ],
  'data source of a variable': [
    (dashboard) => Object.assign(named(dashboard, 'cluster'), { datasource: {} }),
    /data source undefined/,
  ],
  'refId missing': [(_d, _p, target) => Reflect.deleteProperty(target, 'refId'), /refIds/],
  'refId double': [(_d, panel, target) => panel.targets?.push({ ...target } as never), /refIds/],
  unit: [(_d, panel) => Object.assign(panel.fieldConfig?.defaults ?? {}, { unit: 'secs' }), /unit secs/],
  'unit missing': [(_d, panel) => Reflect.deleteProperty(panel.fieldConfig?.defaults ?? {}, 'unit'), /unit undefined/],
  'metric name': [(_d, _p, target) => replaceIn(target, 'run_status', 'run_state'), /run_state is no metric/],
  'label of a metric': [(_d, _p, target) => replaceIn(target, '{cluster', '{kluster'), /has no label kluster/],
  'variable not defined': [(_d, _p, target) => replaceIn(target, /\$lookback/g, '$window'), /\$window is used/],
  'variable removed': [(dashboard) => dashboard.templating.list?.splice(0, 1), /\$prometheus/],
  'variable not used': [(dashboard) => (named(dashboard, 'plan').name = 'unused'), /\$unused is defined/],
  'range left out': [(_d, _p, target) => replaceIn(target, '[$lookback]', ''), /without a range/],
  'query empty': [(_d, _p, target) => Object.assign(target, { expr: '' }), /asks for nothing/],
  'panels over each other': [
    (dashboard, panel) => Object.assign(dashboard.panels?.at(-1)?.gridPos ?? {}, panel.gridPos),
    /overlap/,
  ],
  'panel beyond the grid': [(_d, panel) => Object.assign(panel.gridPos ?? {}, { x: 23, w: 4 }), /beyond the grid/],
  'panel ids double': [
    (dashboard, panel) => Object.assign(dashboard.panels?.at(-1) ?? {}, { id: panel.id }),
    /ids of their own/,
  ],
  'no word about no data': [
    (_d, panel) => Reflect.deleteProperty(panel.fieldConfig?.defaults ?? {}, 'noValue'),
    /no data/,
  ],
  'tag missing': [(dashboard) => Object.assign(dashboard, { tags: [] }), /tag/],
  'uid missing': [(dashboard) => Reflect.deleteProperty(dashboard, 'uid'), /uid/],
};

describe.each(dashboards)('%s with a fault', (_name, good) => {
  test.each(Object.entries(MUTATIONS))('%s is found', (_what, [breakIt, finding]) => {
    const dashboard = structuredClone(JSON.parse(JSON.stringify(good))) as Dashboard;
    // The panel whose query holds all that the mutations change.
    const panel = panelsOf(dashboard).find(
      (one) => exprOf(one).includes('run_status') || exprOf(one).includes('requests_total'),
    );
    const target = panel?.targets?.[0] as Target | undefined;
    if (panel === undefined || target === undefined) throw new Error('no panel to break');
    if (!target.expr?.includes('run_status'))
      replaceIn(target, /contextcore_install_[a-z_]+/, 'contextcore_install_run_status');
    breakIt(dashboard, panel, target);
    expect(lintDashboard(dashboard).join('\n')).toMatch(finding);
  });
});

test('a column made from a query that is not there is found', () => {
  const dashboard = JSON.parse(JSON.stringify(dashboards[0]?.[1])) as Dashboard;
  const table = panelsOf(dashboard).find(({ transformations }) => transformations !== undefined);
  table?.targets?.pop();
  expect(lintDashboard(dashboard).join()).toMatch(/a column is made from F/);
});

function exprOf(panel: Panel): string {
  return (panel.targets?.[0] as Target | undefined)?.expr ?? '';
}

function named(dashboard: Dashboard, name: string) {
  const found = dashboard.templating.list?.find((variable) => variable.name === name);
  if (found === undefined) throw new Error(`no variable ${name}`);
  return found;
}

function replaceIn(target: Target, what: string | RegExp, by: string): void {
  target.expr = target.expr?.replace(what, () => by) ?? '';
}
