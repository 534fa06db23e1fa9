import {
  AxisPlacement,
  BigValueColorMode,
  BigValueGraphMode,
  BigValueJustifyMode,
  BigValueTextMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  LogsSortOrder,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TableSortByFieldStateBuilder,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common';
import {
  type DynamicConfigValue,
  FieldColorBuilder,
  FieldColorModeId,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as LogsPanel } from '@grafana/grafana-foundation-sdk/logs';
import type { DataqueryBuilder as LokiQuery } from '@grafana/grafana-foundation-sdk/loki';
import type { DataqueryBuilder as PrometheusQuery } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as StateTimelinePanel } from '@grafana/grafana-foundation-sdk/statetimeline';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries';
import { COLORS, type Color, thresholds } from './palette.ts';
import { SOURCES } from './targets.ts';

/** What every panel says about itself; `empty` explains what it means when there is nothing to show. */
export interface About {
  title: string;
  description: string;
  empty: string;
}

const coloredBy = (mode: FieldColorModeId) => new FieldColorBuilder().mode(mode);

/** One number, or one word where `map` says so; its color is its meaning. */
export function stat(about: About, target: PrometheusQuery, unit: string, map?: ValueMap): StatPanel {
  const panel = new StatPanel()
    .title(about.title)
    .description(about.description)
    .noValue(about.empty)
    .datasource(SOURCES.prometheus)
    .withTarget(target)
    .unit(unit)
    .height(4)
    .span(4)
    .graphMode(BigValueGraphMode.None)
    .colorMode(BigValueColorMode.Value)
    .justifyMode(BigValueJustifyMode.Auto)
    .textMode(BigValueTextMode.Value)
    .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).fields('').values(false))
    .thresholds(thresholds('nothing'))
    .colorScheme(coloredBy(FieldColorModeId.Thresholds));
  return map === undefined ? panel : panel.mappings([map]);
}

/** States over time, a line per series. */
export function timeline(about: About, target: PrometheusQuery, map: ValueMap): StateTimelinePanel {
  return new StateTimelinePanel()
    .title(about.title)
    .description(about.description)
    .noValue(about.empty)
    .datasource(SOURCES.prometheus)
    .withTarget(target)
    .unit('none')
    .height(8)
    .span(24)
    .mappings([map])
    .thresholds(thresholds('nothing'))
    .colorScheme(coloredBy(FieldColorModeId.Thresholds))
    .showValue(VisibilityMode.Auto)
    .mergeValues(true)
    .rowHeight(0.8)
    .fillOpacity(80)
    .lineWidth(0)
    .legend(new VizLegendOptionsBuilder().showLegend(false).displayMode(LegendDisplayMode.List))
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Single));
}

export interface Column {
  /** As the queries name it: a label, or `Value #A`. */
  field: string;
  title: string;
  unit?: string;
  map?: ValueMap;
  /** Color of the text from values on. */
  colors?: ReturnType<typeof thresholds>;
  width?: number;
}

/** Instant queries joined into rows by the labels they share; columns in the order given, all others hidden. */
export function table(about: About, targets: readonly PrometheusQuery[], columns: readonly Column[]): TablePanel {
  const panel = new TablePanel()
    .title(about.title)
    .description(about.description)
    .noValue(about.empty)
    .datasource(SOURCES.prometheus)
    .targets([...targets])
    .unit('none')
    .height(8)
    .span(24)
    .thresholds(thresholds('nothing'))
    .filterable(columns.length > 6)
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'filterFieldsByName',
      options: { include: { names: columns.map(({ field }) => field) } },
    })
    .withTransformation({
      id: 'organize',
      options: {
        indexByName: Object.fromEntries(columns.map(({ field }, index) => [field, index])),
        renameByName: Object.fromEntries(columns.map(({ field, title }) => [field, title])),
      },
    });
  for (const column of columns) panel.overrideByName(column.title, propertiesOf(column));
  return panel;
}

export function sortedBy(panel: TablePanel, title: string, desc: boolean): TablePanel {
  return panel.sortBy([new TableSortByFieldStateBuilder().displayName(title).desc(desc)]);
}

function propertiesOf({ unit, map, colors, width }: Column): DynamicConfigValue[] {
  const properties: DynamicConfigValue[] = [];
  if (unit !== undefined) properties.push({ id: 'unit', value: unit });
  if (map !== undefined) properties.push({ id: 'mappings', value: [map] });
  if (colors !== undefined) {
    properties.push({ id: 'thresholds', value: colors.build() }, { id: 'color', value: { mode: 'thresholds' } });
  }
  if (map !== undefined || colors !== undefined) {
    properties.push({ id: 'custom.cellOptions', value: { type: 'color-text' } });
  }
  if (width !== undefined) properties.push({ id: 'custom.width', value: width });
  return properties;
}

/** Events per interval as bars. */
export function bars(about: About, target: PrometheusQuery, unit = 'short'): TimeSeriesPanel {
  return lines(about, target, unit)
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(70)
    .lineWidth(0)
    .stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
    .decimals(0);
}

export function lines(about: About, target: PrometheusQuery, unit: string): TimeSeriesPanel {
  return new TimeSeriesPanel()
    .title(about.title)
    .description(about.description)
    .noValue(about.empty)
    .datasource(SOURCES.prometheus)
    .withTarget(target)
    .unit(unit)
    .min(0)
    .height(8)
    .span(12)
    .axisPlacement(AxisPlacement.Auto)
    .drawStyle(GraphDrawStyle.Line)
    .lineWidth(2)
    .fillOpacity(0)
    .showPoints(VisibilityMode.Auto)
    .thresholds(thresholds('nothing'))
    .colorScheme(coloredBy(FieldColorModeId.PaletteClassic))
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi));
}

/** A fixed color for the series of that name. */
export function fixedColor(color: Color): DynamicConfigValue[] {
  return [{ id: 'color', value: { mode: 'fixed', fixedColor: COLORS[color] } }];
}

export function logs(about: Omit<About, 'empty'>, target: LokiQuery): LogsPanel {
  return new LogsPanel()
    .title(about.title)
    .description(about.description)
    .datasource(SOURCES.loki)
    .withTarget(target)
    .height(9)
    .span(12)
    .showTime(true)
    .wrapLogMessage(true)
    .enableLogDetails(true)
    .sortOrder(LogsSortOrder.Descending);
}
