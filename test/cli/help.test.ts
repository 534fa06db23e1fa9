import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { renderHelp } from '../../src/cli/program.ts';

test.each(['create-cluster', 'contextcore-install'] as const)(
  'the help of %s is what yargs would print (else: npm run help)',
  async (name) => {
    const kept = readFileSync(new URL(`../../src/cli/help/${name}.txt`, import.meta.url), 'utf8');
    expect(kept).toContain(`${name}`);
    expect(kept).toBe(await renderHelp(name));
  },
);
