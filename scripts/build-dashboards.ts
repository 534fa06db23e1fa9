/** Writes dashboards/, the alert rules and their parts of the runbooks, and docs/metrics.md from their sources. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateFiles } from '../src/dashboards/build/files.ts';
import { insertPart, renderRunbookParts } from '../src/dashboards/build/runbooks.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const [path, content] of generateFiles()) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}
for (const [path, part] of renderRunbookParts()) {
  writeFileSync(join(root, path), insertPart(readFileSync(join(root, path), 'utf8'), part));
}
