import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/common';
import { DataqueryBuilder as LokiQuery, LokiQueryDirection } from '@grafana/grafana-foundation-sdk/loki';
import { DataqueryBuilder as PrometheusQuery, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus';
import { SearchTableType, DataqueryBuilder as TempoQuery } from '@grafana/grafana-foundation-sdk/tempo';

/** Data sources are chosen by the person who looks; the first of its type is the default. */
export const SOURCES = {
  prometheus: { type: 'prometheus', uid: '$prometheus' },
  loki: { type: 'loki', uid: '$loki' },
  tempo: { type: 'tempo', uid: '$tempo' },
} as const satisfies Record<string, DataSourceRef>;

/** One value per series, at the end of the time range. */
export function now(expr: string, legend = '__auto'): PrometheusQuery {
  return promql(expr, legend).instant();
}

/** The same as rows of a table, a column per label. */
export function rows(expr: string, refId: string): PrometheusQuery {
  return promql(expr, '__auto').instant().format(PromQueryFormat.Table).refId(refId);
}

/** Values over the time range. */
export function overTime(expr: string, legend: string): PrometheusQuery {
  return promql(expr, legend).range();
}

function promql(expr: string, legend: string): PrometheusQuery {
  return new PrometheusQuery().datasource(SOURCES.prometheus).expr(expr).legendFormat(legend).refId('A');
}

export function logLines(expr: string): LokiQuery {
  return new LokiQuery()
    .datasource(SOURCES.loki)
    .expr(expr)
    .queryType('range')
    .direction(LokiQueryDirection.Backward)
    .maxLines(200)
    .refId('A');
}

export function spans(query: string, limit: number): TempoQuery {
  return new TempoQuery()
    .datasource(SOURCES.tempo)
    .queryType('traceql')
    .query(query)
    .tableType(SearchTableType.Spans)
    .limit(limit)
    .refId('A');
}
