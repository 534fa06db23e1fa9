import { readdir, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ALERT_RULES, runbookOf } from '../../src/dashboards/alerts/render.ts';
import { buildDashboards } from '../../src/dashboards/build/files.ts';
import { insertPart, renderRunbookParts } from '../../src/dashboards/build/runbooks.ts';
import { panelsOf } from '../support/lint-dashboard.ts';

const root = resolve(import.meta.dirname, '../..');
const panels = new Set(
  Object.values(buildDashboards()).flatMap((dashboard) => panelsOf(dashboard).map(({ title }) => title)),
);
/** Columns of tables that pages name. */
const COLUMNS = new Set(['Exhausted', 'Bad checksums', 'Version']);

test('each alert has its page, and each page its alert', async () => {
  const pages = (await readdir(resolve(root, 'docs/runbooks'))).filter((name) => name !== 'README.md');
  expect(pages.sort()).toEqual(ALERT_RULES.map(({ name }) => `${name}.md`).sort());
});

test.each(ALERT_RULES)(
  'the page of $name has symptom, diagnosis, resolution, prevention, all written',
  async (rule) => {
    const page = await readFile(resolve(root, runbookOf(rule)), 'utf8');
    const parts = page.split(/^## /m).slice(1);
    expect(parts.map((part) => part.split('\n')[0])).toEqual(['Symptom', 'Diagnosis', 'Resolution', 'Prevention']);
    for (const part of parts) expect(part.split('\n').slice(1).join('').length).toBeGreaterThan(40);
    for (const [, link] of page.matchAll(/\]\((\w+\.md)\)/g)) {
      await expect(readFile(resolve(root, 'docs/runbooks', link ?? ''), 'utf8')).resolves.toBeTruthy();
    }
    // Emphasised words that begin with a capital letter are panels.
    for (const [, title] of page.matchAll(/(?<!\*)\*([A-Z][^*\n]+)\*(?!\*)/g)) {
      expect(panels.has(title) || COLUMNS.has(title ?? ''), title).toBe(true);
    }
  },
);

test.each([...renderRunbookParts()])(
  'the table in %s is what the rules make (else: npm run dashboards)',
  async (path, part) => {
    const page = await readFile(resolve(root, path), 'utf8');
    expect(insertPart(page, part)).toBe(page);
  },
);
