import { globSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { KINDS } from '../../../src/plans/user/kinds/all-kinds.ts';
import { loadPlan } from '../../../src/plans/user/load-plan.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const folder = join(import.meta.dirname, '../../../docs/steps');

/** Blocks of YAML that hold steps, as plans. */
function examplesIn(file: string): readonly string[] {
  const blocks = [...readFileSync(join(folder, file), 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g)].map(
    ([, text = '']) => text,
  );
  return blocks.flatMap((text) => {
    if (/^steps:/m.test(text)) return [text];
    return text.startsWith('- id:') || text.startsWith('- {') ? [`steps:\n${text}`] : [];
  });
}

const pages = globSync('*.md', { cwd: folder }).filter((file) => file !== 'README.md');

it.each(pages)('the examples of docs/steps/%s can be run', async (file) => {
  const examples = examplesIn(file);
  expect(examples.length, 'examples').toBeGreaterThan(0);
  for (const text of examples) {
    const path = join(await makeTempFolder(), 'plan.yaml');
    await writeFile(path, text);
    expect((await loadPlan(path)).plan.steps.length, text).toBeGreaterThan(0);
  }
});

it('the list of kinds names every kind, and every page', () => {
  const list = readFileSync(join(folder, 'README.md'), 'utf8');
  for (const key of Object.keys(KINDS)) expect(list).toContain(`\`${key}\``);
  for (const page of pages) expect(list).toContain(`](${basename(page)})`);
});
