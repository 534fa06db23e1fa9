import {
  MappingType,
  type Threshold,
  ThresholdsConfigBuilder,
  ThresholdsMode,
  type ValueMap,
} from '@grafana/grafana-foundation-sdk/dashboard';
import type { StepStatus } from '../../engine/record.ts';
import { RUN_STATUS_VALUES, type RunStatus, STEP_STATUS_VALUES } from '../../telemetry/names.ts';

/** One meaning each, in every panel; Grafana has a shade of each for light and for dark. */
export const COLORS = { good: 'green', running: 'blue', attention: 'yellow', bad: 'red', nothing: '#8e8e8e' } as const;

export type Color = keyof typeof COLORS;

const STEP_TEXTS: Record<StepStatus, [text: string, color: Color]> = {
  pending: ['pending', 'nothing'],
  in_progress: ['in progress', 'running'],
  completed: ['completed', 'good'],
  failed: ['failed', 'bad'],
  skipped: ['skipped', 'good'],
};

const RUN_TEXTS: Record<RunStatus, [text: string, color: Color]> = {
  running: ['in progress', 'running'],
  success: ['success', 'good'],
  failure: ['failure', 'bad'],
  timeout: ['time limit', 'bad'],
  cancellation: ['cancelled', 'attention'],
  error: ['error', 'bad'],
  deleted: ['deleted', 'nothing'],
  reset: ['reset', 'nothing'],
};

export const STEP_STATUS_MAP = mapValues(STEP_STATUS_VALUES, STEP_TEXTS);
export const RUN_STATUS_MAP = mapValues(RUN_STATUS_VALUES, RUN_TEXTS);
export const BREAKER_STATE_MAP = mapValues(
  { 0: 0, 1: 1, 2: 2 },
  { 0: ['closed', 'good'], 1: ['half open', 'attention'], 2: ['open', 'bad'] },
);

function mapValues<K extends string | number>(
  values: Readonly<Record<K, number>>,
  texts: Record<K, [string, Color]>,
): ValueMap {
  const options: ValueMap['options'] = {};
  let index = 0;
  for (const key of Object.keys(values) as K[]) {
    const [text, color] = texts[key];
    options[String(values[key])] = { text, color: COLORS[color], index: index++ };
  }
  return { type: MappingType.ValueToText, options };
}

/** Colors from a value on; the first holds below the second's value. */
export function thresholds(first: Color, ...rest: readonly [from: number, color: Color][]): ThresholdsConfigBuilder {
  const steps: Threshold[] = [
    // Grafana writes "from minus infinity" as null.
    { value: null, color: COLORS[first] },
    ...rest.map(([value, color]) => ({ value, color: COLORS[color] })),
  ];
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps);
}
