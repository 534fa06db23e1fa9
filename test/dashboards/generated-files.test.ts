import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { generateFiles } from '../../src/dashboards/build/files.ts';

const root = resolve(import.meta.dirname, '../..');

test.each([...generateFiles()])('%s is what its source makes (else: npm run dashboards)', async (path, content) => {
  expect(await readFile(join(root, path), 'utf8')).toBe(content);
});
