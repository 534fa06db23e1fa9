import { createHash } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { downloadBody } from '../../../src/steps/download/download-step.ts';
import { makeStepContext } from '../../support/step-context.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const sha256 = createHash('sha256').update('made').digest('hex');

/** What is left when a step is rolled back that recorded these outputs. */
async function rollBack(content: string, outputs: Record<string, string | boolean>): Promise<readonly string[]> {
  const cwd = await makeTempFolder();
  await writeFile(join(cwd, 'file'), content);
  const ctx = await makeStepContext({ step: 'tool', outputs: { tool: outputs } });
  await downloadBody({ urls: ['http://127.0.0.1/file'], output: 'file', cwd, policy: {} }).rollback?.(ctx);
  return await readdir(cwd);
}

describe('rolling a download back', () => {
  it('removes what was fetched, and nothing else', async () => {
    expect(await rollBack('made', { sha256, fetched: true })).toEqual([]);
    expect(await rollBack('made', { sha256 })).toEqual(['file']);
    expect(await rollBack('changed', { sha256, fetched: true })).toEqual(['file']);
    expect(await rollBack('made', {})).toEqual(['file']);
  });
});
