import { describe, expect, test } from 'vitest';
import type { ResilienceEvent } from '../../src/resilience/events.ts';
import { createStatistics } from '../../src/resilience/statistics.ts';
import { resilienceLine, troubleLines } from '../../src/ui/resilience-lines.ts';

const target = { kind: 'registry', name: 'docker.io' } as const;
const tried = (more: object): ResilienceEvent =>
  ({ type: 'target_tried', at: 0, target, attempt: 1, durationMs: 10, elapsedMs: 10, ...more }) as ResilienceEvent;
const statisticsOf = (...events: readonly ResilienceEvent[]) => {
  const statistics = createStatistics();
  for (const event of events) statistics.hear(event);
  return statistics.byTarget();
};

describe('what services do, in a line', () => {
  test('a failure that is tried again, with its class and the delay', () => {
    const line = resilienceLine(tried({ class: 'rate_limited', message: '429 Too Many\nRequests', retryInMs: 5_000 }));
    expect(line).toBe('docker.io: attempt 1 failed (rate_limited): 429 Too Many Requests; again in 5.0s');
  });

  test('nothing of a success, of the last failure (the error tells it), of what is only counted', () => {
    expect(resilienceLine(tried({}))).toBeUndefined();
    expect(resilienceLine(tried({ class: 'not_found', message: 'gone' }))).toBeUndefined();
    expect(resilienceLine({ type: 'checksum_compared', at: 0, target, ok: false })).toBeUndefined();
  });

  test('another source without a checksum is a change that is told', () => {
    const fallback = { type: 'fallback_taken', at: 0, target, to: 'registry:quay.io' } as const;
    expect(resilienceLine({ ...fallback, verified: false })).toContain('no checksum');
    expect(resilienceLine({ ...fallback, verified: true })).toContain('same checksum');
  });
});

describe('the services that made trouble', () => {
  test('the worst first; those that just worked are not named', () => {
    const well = { kind: 'http', name: 'well.test' } as const;
    const seen = statisticsOf(
      { ...tried({}), target: well } as ResilienceEvent,
      tried({ class: 'network_timeout', message: '', retryInMs: 1 }),
      tried({ attempt: 2, elapsedMs: 14_000 }),
      { ...tried({ class: 'dns', message: '' }), target: { kind: 'apt', name: 'deb.test' } } as ResilienceEvent,
      { type: 'target_rejected', at: 0, target: { kind: 'apt', name: 'deb.test' } },
      tried({ class: 'network_timeout', message: '', retryInMs: 1 }),
    );
    expect(troubleLines(seen)).toEqual([
      'registry:docker.io  0 of 2 at once · 2 network_timeout · recovered in 14s',
      'apt:deb.test  0 of 1 at once · 1 dns · 1 given up · 1 stopped by the breaker',
    ]);
  });

  test('nothing without trouble', () => expect(troubleLines(statisticsOf(tried({})))).toEqual([]));
});
