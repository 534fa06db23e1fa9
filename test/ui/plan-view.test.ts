import { describe, expect, test } from 'vitest';
import type { SurveyedStep } from '../../src/engine/survey-plan.ts';
import { renderRepairList, renderSurvey } from '../../src/ui/plan-view.ts';
import { cleanLine, widthOf } from '../../src/ui/text.ts';

const VIEW = { color: false, columns: 80 };

function row(id: string, more: Partial<SurveyedStep>): SurveyedStep {
  return { id, title: id, needs: [], recorded: 'pending', action: 'apply', changes: [], after: [], ...more };
}

const ROWS: readonly SurveyedStep[] = [
  row('preflight', { recorded: 'completed', action: 'keep', seen: { state: 'present', reason: '14 checks passed' } }),
  row('cluster_create', { needs: ['preflight'], recorded: 'completed', action: 'trust' }),
  row('manifests_apply', {
    needs: ['cluster_create'],
    recorded: 'completed',
    action: 'repair',
    seen: {
      state: 'unhealthy',
      reason: '1 of 24 objects was changed by hand',
      details: ['ConfigMap observability/loki: data.config.yaml'],
      destroys: ['the manual change of ConfigMap observability/loki'],
    },
    changes: ['manifests: 5f2b -> 77aa'],
  }),
  row('pods_ready', { needs: ['manifests_apply'], after: ['manifests_apply'], seen: { state: 'absent' } }),
  row('metrics_seed', {
    needs: ['pods_ready'],
    action: 'none',
    seen: { state: 'unknown', reason: 'no answer from 127.0.0.1:9009' },
  }),
];

test('--dry-run shows each step in its order, what would be done and why', () => {
  expect(renderSurvey(ROWS, { ...VIEW, mode: 'repair' }).split('\n')).toEqual([
    '  1 preflight        keep     present: 14 checks passed; recorded as completed',
    '  2 cluster_create   trust    recorded as done',
    '                              needs preflight',
    '  3 manifests_apply  mend     unhealthy: 1 of 24 objects was changed by hand;',
    '                              recorded as completed',
    '                              manifests: 5f2b -> 77aa',
    '                              needs cluster_create',
    '  4 pods_ready       do       absent',
    '                              after manifests_apply',
    '  5 metrics_seed     unclear  unknown: no answer from 127.0.0.1:9009',
    '                              needs pods_ready',
    '',
    'with --repair 2 of 5 steps would be done, 1 cannot be told; nothing was changed',
  ]);
});

test('--repair lists what is ill, why, and what mending it destroys', () => {
  expect(renderRepairList(ROWS, VIEW).split('\n')).toEqual([
    '  ✗ manifests_apply: unhealthy: 1 of 24 objects was changed by hand; recorded',
    '      as completed',
    '      manifests: 5f2b -> 77aa',
    '      ConfigMap observability/loki: data.config.yaml',
    '      mending destroys the manual change of ConfigMap observability/loki',
    '  ! pods_ready: absent',
    '      after manifests_apply',
    '  ! metrics_seed: unknown: no answer from 127.0.0.1:9009',
    '',
    '3 to mend, 2 healthy and left alone',
  ]);
  expect(renderRepairList(ROWS.slice(0, 2), VIEW)).toBe('✓ all 2 steps are healthy');
});

describe('at any width', () => {
  test.each([40, 80, 200])('%i columns hold the reasons', (columns) => {
    for (const line of renderSurvey(ROWS, { color: true, columns, mode: 'run' }).split('\n').slice(0, -2)) {
      expect(widthOf(cleanLine(line))).toBeLessThanOrEqual(Math.max(columns, 62));
    }
  });
});
