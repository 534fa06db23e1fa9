import { describe, expect, it } from 'vitest';
import { decide, isTrusted, standingOf } from '../../src/engine/decide.ts';
import type { ObservedState } from '../../src/engine/events.ts';
import type { Mode, StepRecord, StepStatus } from '../../src/engine/record.ts';
import { makeStep } from '../support/memory-engine.ts';

const NOW = 'today';

describe('what the record says of a step', () => {
  it.each<[string, StepRecord | undefined, boolean, boolean]>([
    ['never seen', undefined, false, false],
    ['pending', { status: 'pending' }, false, false],
    ['in progress', { status: 'in_progress', fingerprint: NOW }, false, false],
    ['failed', { status: 'failed', fingerprint: NOW }, false, false],
    ['failed with other inputs', { status: 'failed', fingerprint: 'old' }, false, true],
    ['done', { status: 'completed', fingerprint: NOW }, true, false],
    ['skipped', { status: 'skipped', fingerprint: NOW }, true, false],
    ['done with other inputs', { status: 'completed', fingerprint: 'old' }, false, true],
    ['done before there were fingerprints', { status: 'completed' }, true, false],
    [
      'begun anew over what was made from other inputs',
      { status: 'in_progress', fingerprint: NOW, outdated: true },
      false,
      true,
    ],
  ])('%s', (_, record, done, changed) => {
    expect(standingOf(record, NOW)).toEqual({ done, changed });
  });
});

describe('which steps are trusted without a look', () => {
  const statuses: StepStatus[] = ['pending', 'in_progress', 'completed', 'failed', 'skipped'];
  const cases = (['run', 'resume', 'repair'] as Mode[]).flatMap((mode) =>
    statuses.flatMap((status) => [NOW, 'old'].map((fingerprint) => ({ mode, status, fingerprint }))),
  );

  it.each(cases)('$mode, recorded as $status with $fingerprint', ({ mode, status, fingerprint }) => {
    const record: StepRecord = { status, fingerprint };
    const expected = mode === 'resume' && fingerprint === NOW && (status === 'completed' || status === 'skipped');
    expect(isTrusted(makeStep('a'), mode, standingOf(record, NOW), record)).toBe(expected);
    // Preflight, and what came from somewhere else, in no mode.
    expect(isTrusted(makeStep('a', { alwaysObserve: true }), mode, standingOf(record, NOW), record)).toBe(false);
    const foreign: StepRecord = { ...record, verified: false };
    expect(isTrusted(makeStep('a'), mode, standingOf(foreign, NOW), foreign)).toBe(false);
  });
});

describe('what is done about what was seen', () => {
  const done = { done: true, changed: false };
  const fresh = { done: false, changed: false };
  const changed = { done: false, changed: true };
  const rows: [Mode, typeof done, ObservedState | undefined, string][] = (
    ['run', 'resume', 'repair'] as Mode[]
  ).flatMap((mode): [Mode, typeof done, ObservedState | undefined, string][] => [
    [mode, done, undefined, 'keep'],
    [mode, fresh, undefined, 'apply'],
    [mode, changed, undefined, 'apply'],
    [mode, done, 'present', 'keep'],
    [mode, fresh, 'present', 'keep'],
    [mode, changed, 'present', 'apply'],
    [mode, done, 'absent', 'apply'],
    [mode, fresh, 'absent', 'apply'],
    [mode, changed, 'absent', 'apply'],
    [mode, done, 'unhealthy', mode === 'repair' ? 'repair' : 'apply'],
    [mode, fresh, 'unhealthy', mode === 'repair' ? 'repair' : 'apply'],
    [mode, changed, 'unhealthy', mode === 'repair' ? 'repair' : 'apply'],
  ]);

  it.each(rows)('%s, %j, seen %s: %s', (mode, standing, state, action) => {
    expect(decide(mode, standing, state === undefined ? undefined : { state })).toBe(action);
  });
});
