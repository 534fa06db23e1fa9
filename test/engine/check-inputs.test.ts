import { describe, expect, it } from 'vitest';
import { findChanges, refuseChanges } from '../../src/engine/check-inputs.ts';
import { fingerprint } from '../../src/engine/fingerprint.ts';
import type { Inputs, Mode, StepRecord } from '../../src/engine/record.ts';
import { makeStep } from '../support/memory-engine.ts';

const declare = (id: string, inputs: Inputs, immutableInputs: string[] = []) => ({
  step: makeStep(id, { immutableInputs }),
  inputs,
  fingerprint: fingerprint(inputs),
});
const record = (inputs: Inputs): StepRecord => ({ status: 'completed', inputs, fingerprint: fingerprint(inputs) });
const modes: Mode[] = ['run', 'resume', 'repair'];

describe('changed inputs', () => {
  const before = { image: 'v1', port: '3000' };

  it('are found step by step, with every key that differs', () => {
    const declared = [
      declare('a', { image: 'v2', port: '3000' }),
      declare('b', { x: '1' }),
      declare('new', { y: '1' }),
    ];
    const records: Record<string, StepRecord> = { a: record(before), b: record({ x: '1' }) };
    expect(findChanges(declared, (id) => records[id])).toEqual([
      { id: 'a', lines: ['image: v1 -> v2'], immutable: [], done: true },
    ]);
  });

  it('are not looked for in a record without a fingerprint', () => {
    const adopted: StepRecord = { status: 'completed' };
    expect(findChanges([declare('a', { image: 'v2' })], () => adopted)).toEqual([]);
  });

  it('stop a resume with the difference, unless they are accepted', () => {
    const changes = findChanges([declare('a', { image: 'v2', port: '3000' })], () => record(before));
    expect(() => refuseChanges(changes, 'resume', false)).toThrow(
      expect.objectContaining({
        code: 'inputs_changed',
        exitCode: 6,
        details: expect.objectContaining({ lines: ['a  image: v1 -> v2'] }),
      }),
    );
    expect(() => refuseChanges(changes, 'resume', true)).not.toThrow();
    expect(() => refuseChanges(changes, 'run', false)).not.toThrow();
    expect(() => refuseChanges(changes, 'repair', false)).not.toThrow();
  });

  it.each(modes)('that only a new cluster can carry stop a %s, accepted or not', (mode) => {
    const changes = findChanges([declare('a', { image: 'v1', port: '3001' }, ['port'])], () => record(before));
    for (const accepted of [false, true]) {
      expect(() => refuseChanges(changes, mode, accepted)).toThrow(
        expect.objectContaining({
          code: 'needs_new_cluster',
          exitCode: 6,
          details: expect.objectContaining({
            lines: ['a  port: 3000 -> 3001'],
            hint: expect.stringContaining('--delete'),
          }),
        }),
      );
    }
  });

  it.each(modes)(
    'that add what a new cluster alone can have, but this one never recorded, do not stop a %s',
    (mode) => {
      const declared = [declare('a', { ...before, node: 'x' }, ['node'])];
      expect(() =>
        refuseChanges(
          findChanges(declared, () => record(before)),
          mode,
          true,
        ),
      ).not.toThrow();
    },
  );

  it('of a step that was not done stop no resume: it would not be skipped', () => {
    for (const status of ['in_progress', 'failed', 'pending'] as const) {
      const changes = findChanges([declare('a', { image: 'v2' })], () => ({ ...record(before), status }));
      expect(changes).toHaveLength(1);
      expect(() => refuseChanges(changes, 'resume', false)).not.toThrow();
    }
  });

  it('stop nothing when there are none', () => {
    for (const mode of modes) expect(() => refuseChanges([], mode, false)).not.toThrow();
  });
});
