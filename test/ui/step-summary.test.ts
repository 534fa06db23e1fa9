import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { appendStepSummary, renderStepSummary } from '../../src/ui/step-summary.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

describe('the report on the page of a CI job', () => {
  test('text of others breaks no table and becomes no markup', () => {
    const text = renderStepSummary({
      title: 'shop',
      steps: [{ id: 'build', status: 'failed', attempts: 2, error: 'a | b\n<script> `x`' }],
      targets: {},
    });
    expect(text).toContain('| build | failed | 2 |  | a \\| b \\<script\\> \\`x\\` |');
  });

  test('is appended, and never what fails', async () => {
    const path = join(await makeTempFolder(), 'summary.md');
    appendStepSummary(path, { title: 'one', targets: {} });
    appendStepSummary(path, { title: 'two', targets: {} });
    expect(readFileSync(path, 'utf8')).toBe('### one\n\n### two\n\n');
    for (const nowhere of [undefined, '', '/nowhere/summary.md'])
      appendStepSummary(nowhere, { title: 'x', targets: {} });
  });
});
