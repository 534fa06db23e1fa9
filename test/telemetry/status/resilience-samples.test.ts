import { describe, expect, test } from 'vitest';
import type { ResilienceEvent } from '../../../src/resilience/events.ts';
import type { Target } from '../../../src/resilience/target.ts';
import { resilienceSamples } from '../../../src/telemetry/status/resilience-samples.ts';

const HUB: Target = { kind: 'registry', name: 'docker.io' };
const samples = (event: Partial<ResilienceEvent> & { type: string }, exhausted = new Set<string>()) =>
  resilienceSamples(
    { at: 7, target: HUB, attempt: 1, durationMs: 1, elapsedMs: 1, ...event } as ResilienceEvent,
    exhausted,
  ).map((draft) => [
    draft.metric.name.replace('contextcore_install_', ''),
    Object.values(draft.labels).join(' '),
    'add' in draft ? draft.add : `=${draft.value}`,
  ]);

describe('samples of what services do', () => {
  test('a success is a request', () =>
    expect(samples({ type: 'target_tried' })).toEqual([['requests_total', 'docker.io', 1]]));

  test('a failure that is tried again', () =>
    expect(samples({ type: 'target_tried', class: 'dns', retryInMs: 5 })).toEqual([
      ['requests_total', 'docker.io', 1],
      ['request_errors_total', 'docker.io dns', 1],
      ['retries_total', 'docker.io dns', 1],
    ]));

  test('retries used up are counted each time, but one run only once', () => {
    const exhausted = new Set<string>();
    expect(samples({ type: 'target_tried', class: 'dns' }, exhausted).slice(2)).toEqual([
      ['retries_exhausted_total', 'docker.io dns', 1],
      ['exhausted_runs_total', 'docker.io', 1],
    ]);
    expect(samples({ type: 'target_tried', class: 'dns' }, exhausted).slice(2)).toEqual([
      ['retries_exhausted_total', 'docker.io dns', 1],
    ]);
  });

  test('breakers, fallbacks, checksums', () => {
    expect(samples({ type: 'target_rejected' })).toEqual([
      ['requests_total', 'docker.io', 1],
      ['breaker_rejections_total', 'docker.io', 1],
    ]);
    expect(samples({ type: 'breaker_changed', state: 'open' })).toEqual([['breaker_state', 'docker.io', '=2']]);
    expect(samples({ type: 'fallback_taken', to: 'x', verified: true })).toEqual([['fallbacks_total', 'docker.io', 1]]);
    expect(samples({ type: 'checksum_compared', ok: false })).toEqual([
      ['checksum_checks_total', 'docker.io', 1],
      ['checksum_failures_total', 'docker.io', 1],
    ]);
    expect(samples({ type: 'checksum_compared', ok: true }).at(-1)).toEqual([
      'checksum_failures_total',
      'docker.io',
      0,
    ]);
  });

  test.each([
    [{ kind: 'apt', name: 'deb.internal.example' }, 'apt'],
    [{ kind: 'registry', name: 'registry.internal.example:5000' }, 'other'],
    [{ kind: 'download', name: 'github.com' }, 'github.com'],
  ] as const)('nobody’s private host becomes a label: %j', (target, label) =>
    expect(samples({ type: 'target_tried', target })[0]?.[1]).toBe(label),
  );
});
