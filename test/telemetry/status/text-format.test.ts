import { expect, test } from 'vitest';
import { METRICS } from '../../../src/telemetry/names.ts';
import { toTextFormat } from '../../../src/telemetry/status/text-format.ts';

const at = { timestamp: 1_700_000_000_000 };

test('series of a metric stand together below its help and type, without times', () => {
  const text = toTextFormat([
    { metric: METRICS.stepStatus, labels: { step: 'a' }, value: 2, ...at },
    { metric: METRICS.runStarted, labels: {}, value: 1_700_000_000.5, ...at },
    { metric: METRICS.runs, labels: { result: 'success' }, value: 3, ...at },
    { metric: METRICS.stepStatus, labels: { step: 'b' }, value: 0, ...at },
  ]);
  expect(text).toBe(`# HELP contextcore_install_step_status ${METRICS.stepStatus.help}
# TYPE contextcore_install_step_status gauge
contextcore_install_step_status{step="a"} 2
contextcore_install_step_status{step="b"} 0
# HELP contextcore_install_started_timestamp ${METRICS.runStarted.help}
# TYPE contextcore_install_started_timestamp gauge
contextcore_install_started_timestamp 1700000000.5
# HELP contextcore_install_runs_total ${METRICS.runs.help}
# TYPE contextcore_install_runs_total counter
contextcore_install_runs_total{result="success"} 3
`);
});

test('what would end a label value or a line is escaped', () => {
  const labels = { version: 'a"b\\c\nd', plan_hash: 'x' };
  const [, , line] = toTextFormat([{ metric: METRICS.planInfo, labels, value: 1, ...at }]).split('\n');
  expect(line).toBe(String.raw`contextcore_install_plan_info{version="a\"b\\c\nd",plan_hash="x"} 1`);
});
