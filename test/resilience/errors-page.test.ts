import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ERROR_CLASSES } from '../../src/errors/error-class.ts';
import { renderErrorsPage } from '../../src/resilience/errors-page.ts';

const committed = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');

it('docs/errors.md is what the table of evidence says: npm run errors', () => {
  expect(committed).toBe(renderErrorsPage());
});

it.each(ERROR_CLASSES)('docs/errors.md has a row of evidence for %s', (name) => {
  const [classes = '', evidence = ''] = committed.split('## Evidence');
  expect(classes).toContain(`| \`${name}\` |`);
  expect(evidence).toContain(`| \`${name}\` |`);
});
