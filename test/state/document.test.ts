import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { documentSchema, findInvalid } from '../../src/state/document-schema.ts';
import { SEED_DOCUMENT } from './support.ts';

const SCHEMA = join(import.meta.dirname, '../../schemas/install-state.schema.json');

const FULL = {
  ...SEED_DOCUMENT,
  version: '1.1',
  revision: 12,
  plan: 'create-cluster',
  options: { components: ['mimir'] },
  last_run: { id: 'r1', mode: 'resume', result: 'failure', started_at: '2026-01-01T00:00:00.000Z' },
  team: 'kept',
  steps: {
    preflight: {
      status: 'completed',
      attempts: 2,
      duration_ms: 12.5,
      verified: false,
      outputs: { port: 3000, ready: true, address: 'x' },
      children: [{ pid: 1, start_ticks: 2, program: 'kind' }],
      note: 'kept',
    },
    pods_ready: { status: 'failed', error: { code: 'timeout', message: 'no end', hint: 'wait' } },
  },
};

describe('the schema of the state document', () => {
  it('is shipped as the one that the code checks with (update with vitest -u)', async () => {
    const json = `${JSON.stringify(z.toJSONSchema(documentSchema), null, 2)}\n`;
    await expect(json).toMatchFileSnapshot(SCHEMA);
  });

  it.each([
    ['a document of the version before', SEED_DOCUMENT, true],
    ['every field, and unknown ones', FULL, true],
    ['an unknown status', { ...FULL, steps: { a: { status: 'done' } } }, false],
    ['attempts that are no number', { ...FULL, steps: { a: { status: 'failed', attempts: '2' } } }, false],
    ['no steps', { version: '1.1', cluster_name: 'a' }, false],
    ['no cluster', { ...FULL, cluster_name: '' }, false],
    ['an output that is a list', { ...FULL, steps: { a: { status: 'failed', outputs: { x: [] } } } }, false],
  ])('judges %s as the published schema does', async (_, document, valid) => {
    const validate = new Ajv2020({ strict: false }).compile(JSON.parse(await readFile(SCHEMA, 'utf8')) as object);
    expect(validate(document)).toBe(valid);
    expect(findInvalid(document) === undefined).toBe(valid);
  });

  it('names the field that is wrong', () => {
    expect(findInvalid({ ...FULL, steps: { a: { status: 'done' } } })).toMatch(/^steps\.a\.status: /);
  });
});
