import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { renderStatus, type StatusDocument, statusJson } from '../../src/ui/status.ts';
import { renderSummary } from '../../src/ui/summary.ts';
import { cleanLine, widthOf } from '../../src/ui/text.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const ago = (seconds: number): string => new Date(NOW - seconds * 1000).toISOString();
const VIEW = { now: NOW, color: false, columns: 80 };
const ENDPOINTS = [
  { name: 'grafana', url: 'http://127.0.0.1:3000' },
  { name: 'mimir', url: 'http://127.0.0.1:9009' },
];

function documentOf(more: Partial<StatusDocument> = {}): StatusDocument {
  return {
    version: '1.1',
    cluster_name: 'o11y-dev',
    plan: 'create-cluster',
    provider: 'kind',
    updated_at: ago(180),
    last_run: { id: 'r1', mode: 'run', result: 'success', started_at: ago(300), ended_at: ago(180) },
    steps: {
      preflight: { status: 'completed', attempts: 1, duration_ms: 1200, completed_at: ago(299) },
      cluster_create: { status: 'completed', attempts: 2, duration_ms: 65_000, completed_at: ago(230) },
      metrics_seed: { status: 'skipped', updated_at: ago(180) },
    },
    ...more,
  };
}

const FAILED = documentOf({
  cluster_name: 'a',
  last_run: { id: 'r1', mode: 'resume', result: 'failure', started_at: ago(300), ended_at: ago(180) },
  steps: {
    preflight: { status: 'completed', attempts: 1, duration_ms: 1200, completed_at: ago(299) },
    pods_ready: {
      status: 'failed',
      attempts: 3,
      duration_ms: 300_000,
      updated_at: ago(180),
      error: { code: 'step_failed', message: 'loki-0 does not start: CrashLoopBackOff', log: '/logs/pods_ready.3.log' },
    },
    metrics_seed: { status: 'pending' },
  },
});

describe('the status page', () => {
  test('of a complete installation', () => {
    expect(renderStatus(documentOf(), { ...VIEW, endpoints: ENDPOINTS }).split('\n')).toEqual([
      'o11y-dev (create-cluster, kind)',
      '✓ complete: 3 of 3 steps done',
      'last run  run, success, 2m00s, 3 min ago',
      '',
      '  ✓ preflight       1.2s                 4 min ago',
      '  ✓ cluster_create  1m05s    2 attempts  3 min ago',
      '  - metrics_seed    skipped              3 min ago',
      '',
      '  grafana  http://127.0.0.1:3000',
      '  mimir    http://127.0.0.1:9009',
      '',
      'next  create-cluster --repair  verifies everything and mends what broke',
    ]);
  });

  test('of a failure: where, why, the log, and what to type', () => {
    expect(renderStatus(FAILED, VIEW).split('\n')).toEqual([
      'a (create-cluster, kind)',
      '✗ failed at pods_ready: 1 of 3 steps done',
      'last run  resume, failure, 2m00s, 3 min ago',
      '',
      '  ✓ preflight     1.2s                 4 min ago',
      '  ✗ pods_ready    5m00s    3 attempts  3 min ago',
      '      loki-0 does not start: CrashLoopBackOff',
      '      log /logs/pods_ready.3.log',
      '  · metrics_seed  pending',
      '',
      'next  create-cluster --resume --cluster a',
    ]);
  });

  const RUNNING = documentOf({
    last_run: { id: 'r1', mode: 'run', result: 'running', started_at: ago(75) },
    steps: { preflight: { status: 'completed' }, cluster_create: { status: 'in_progress', started_at: ago(65) } },
  });

  test('of a run that goes on, while its lock is held', () => {
    const text = renderStatus(RUNNING, { ...VIEW, lock: { pid: 42, host: 'box', since: ago(75) } });
    expect(text).toContain('• running at cluster_create: 1 of 2 steps done');
    expect(text).toContain('at work   pid 42 on box, since 1 min ago');
    expect(text).toContain('  • cluster_create  running 1m05s');
    expect(text).not.toContain('next');
  });

  test('of a run that was killed: nobody holds the lock', () => {
    const text = renderStatus(RUNNING, VIEW);
    expect(text).toContain('! interrupted at cluster_create: 1 of 2 steps done');
    expect(text).toContain('  ! cluster_create  interrupted');
    expect(text).toContain('next  create-cluster --resume');
  });

  test("of a user's plan names its own commands", () => {
    const text = renderStatus({ ...FAILED, plan: 'deploy', plan_path: "/srv/it's/deploy.yaml" }, VIEW);
    expect(text).toContain("next  contextcore-install resume '/srv/it'\\''s/deploy.yaml' --cluster a");
  });

  test('of a document in its first form, and of one with nonsense in it', () => {
    const first = {
      version: '1.0',
      cluster_name: 'o11y-dev',
      updated_at: 'then',
      steps: { preflight: { status: 'pending' } },
    } as const;
    expect(renderStatus(first, VIEW)).toContain('· not complete: 0 of 1 steps done');
    expect(renderStatus({ ...first, steps: {} }, VIEW)).toContain('0 of 0 steps done');
    const odd = {
      ...first,
      steps: {
        x: { status: 'in_progress', started_at: 'never', attempts: 1e9, error: { code: 'x', message: '\u001b[2J' } },
      },
    } as const;
    expect(renderStatus(odd, { ...VIEW, lock: { pid: 1, host: '\u001b[2J', since: 'never' } })).not.toMatch(
      /[^\P{Cc}\n]/u,
    );
  });

  test.each([40, 80, 200])('has a step a line at %i columns', (columns) => {
    for (const line of renderStatus(documentOf(), { ...VIEW, columns, color: true }).split('\n')) {
      expect(widthOf(cleanLine(line))).toBeLessThanOrEqual(Math.max(columns, 72));
    }
    const steps = renderStatus(documentOf(), { ...VIEW, columns })
      .split('\n')
      .filter((line) => /^ {2}[✓-]/.test(line));
    for (const line of steps) expect(widthOf(line)).toBeLessThan(columns);
  });

  test('a failed optional step does not make an installation incomplete', () => {
    const steps = { ...documentOf().steps, extras: { status: 'failed', severity: 'optional' } } as const;
    expect(renderStatus(documentOf({ steps }), VIEW)).toContain('✓ complete: 3 of 4 steps done');
  });

  test('as JSON is the document, with how it stands', () => {
    const answer = statusJson({ ...FAILED, unknown_field: 1 }, { endpoints: ENDPOINTS });
    expect(answer).toMatchObject({
      cluster_name: 'a',
      standing: 'failed',
      lock: null,
      endpoints: ENDPOINTS,
      unknown_field: 1,
    });
    expect(answer.steps).toBe(FAILED.steps);
  });
});

test('the status page loads a few small files of ours alone, for it must not take longer than starting Node', () => {
  const seen = new Set<string>();
  const visit = (url: URL): void => {
    if (seen.has(url.href)) return;
    seen.add(url.href);
    const source = readFileSync(url, 'utf8');
    for (const [, specifier = ''] of source.matchAll(/^import (?!type )[^;]*? from '([^']+)'/gm)) {
      expect(specifier, url.pathname).toMatch(/^\.\.?\/[a-z/-]+\.ts$/);
      visit(new URL(specifier, url));
    }
  };
  visit(new URL('../../src/ui/status.ts', import.meta.url));
  expect(seen.size).toBeGreaterThan(3);
  expect(seen.size).toBeLessThanOrEqual(8);
});

test('the summary of a good run names addresses and commands', () => {
  const text = renderSummary(
    { cluster: 'a' },
    { color: false, columns: 80, now: NOW, endpoints: ENDPOINTS, steps: documentOf().steps },
  );
  expect(text.split('\n')).toEqual([
    '  ✓ preflight       1.2s                 4 min ago',
    '  ✓ cluster_create  1m05s    2 attempts  3 min ago',
    '  - metrics_seed    skipped              3 min ago',
    '',
    '  grafana  http://127.0.0.1:3000',
    '  mimir    http://127.0.0.1:9009',
    '',
    '  create-cluster --status --cluster a  shows how it stands',
    '  create-cluster --repair --cluster a  verifies everything and mends what broke',
    '  create-cluster --delete --cluster a  takes back what was made',
  ]);
});
