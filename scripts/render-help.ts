/** Renders the help texts that `--help` prints without loading yargs: `npm run help`, after a change of the definitions. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { renderHelp } from '../src/cli/program.ts';

const folder = new URL('../src/cli/help/', import.meta.url);
mkdirSync(folder, { recursive: true });
for (const name of ['create-cluster', 'contextcore-install'] as const) {
  writeFileSync(new URL(`${name}.txt`, folder), await renderHelp(name));
}
