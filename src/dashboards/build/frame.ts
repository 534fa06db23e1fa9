import {
  AnnotationQueryBuilder,
  CustomVariableBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { METRICS } from '../../telemetry/names.ts';
import { DASHBOARD_TAG } from '../marker.ts';
import type { Color } from './palette.ts';
import { COLORS } from './palette.ts';
import { SOURCES } from './targets.ts';

export interface Frame {
  uid: string;
  title: string;
  description: string;
  /** Relative start of the time range, such as `now-1h`. */
  from: string;
  refresh: string;
  sources: readonly (keyof typeof SOURCES)[];
  /** Whether several clusters and plans can be chosen together. */
  many: boolean;
}

/** An empty dashboard with the variables, links and looks that all of ours share. */
export function createFrame(frame: Frame): DashboardBuilder {
  const builder = new DashboardBuilder(frame.title)
    .uid(frame.uid)
    .description(frame.description)
    .tags([DASHBOARD_TAG])
    .readonly()
    .timezone('browser')
    .time({ from: frame.from, to: 'now' })
    .refresh(frame.refresh)
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Installations')
        .type(DashboardLinkType.Dashboards)
        .tags([DASHBOARD_TAG])
        .includeVars(true)
        .keepTime(false),
    );
  for (const source of frame.sources) {
    builder.withVariable(
      new DatasourceVariableBuilder(source).label(LABEL_OF[source]).type(source).hide(VariableHide.DontHide),
    );
  }
  return builder
    .withVariable(labelVariable('cluster', 'Cluster', frame.many))
    .withVariable(labelVariable('plan', 'Plan', frame.many))
    .withVariable(
      new CustomVariableBuilder('lookback')
        .label('Look back')
        .description('How far back the latest runs are looked for, and over what counts and means are taken.')
        .values('1d,7d,30d,90d')
        .current({ selected: true, text: frame.many ? '30d' : '7d', value: frame.many ? '30d' : '7d' }),
    );
}

const LABEL_OF = { prometheus: 'Metrics', loki: 'Logs', tempo: 'Traces' } as const;

function labelVariable(label: 'cluster' | 'plan', title: string, many: boolean): QueryVariableBuilder {
  const metric = label === 'cluster' ? METRICS.runStatus.name : `${METRICS.runStatus.name}{cluster=~"$cluster"}`;
  const query = `label_values(${metric}, ${label})`;
  const variable = new QueryVariableBuilder(label)
    .label(title)
    .datasource(SOURCES.prometheus)
    .query({ query, qryType: 1, refId: 'Variables' })
    .definition(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc);
  return many ? variable.multi(true).includeAll(true).allValue('.*') : variable;
}

/** A mark at each different value of `expr`, which is a time in milliseconds. */
export function markAt(name: string, expr: string, color: Color): AnnotationQueryBuilder {
  return new AnnotationQueryBuilder()
    .name(name)
    .datasource(SOURCES.prometheus)
    .enable(true)
    .hide(false)
    .iconColor(COLORS[color])
    .expr(expr)
    .useValueForTime(true)
    .step('15s')
    .titleFormat(name)
    .textFormat('{{cluster}} {{plan}}');
}

/** Numbers the panels in their order, and shows links and marks where people look for them: the SDK hides them in a menu. */
export function finish(builder: DashboardBuilder): Dashboard {
  const dashboard = builder.build();
  for (const [index, panel] of (dashboard.panels ?? []).entries()) panel.id = index + 1;
  const shown = <T extends { placement?: unknown }>({ placement: _, ...rest }: T) => rest;
  dashboard.links = dashboard.links?.map(shown) ?? [];
  dashboard.annotations.list = dashboard.annotations.list?.map(shown) ?? [];
  return dashboard;
}
