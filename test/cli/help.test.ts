import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseCommandLine, renderHelp } from '../../src/cli/program.ts';

test.each(['create-cluster', 'contextcore-install'] as const)(
  'the help of %s is what yargs would print (else: npm run help)',
  async (name) => {
    const kept = readFileSync(new URL(`../../src/cli/help/${name}.txt`, import.meta.url), 'utf8');
    expect(kept).toContain(`${name}`);
    expect(kept).toBe(await renderHelp(name));
  },
);

test.each([
  ['npm install', 'contextcore-install npm install [packages..] [flags] -- FLAGS OF NPM...'],
  ['retry', 'contextcore-install retry [flags] -- COMMAND...'],
])('the help of %s begins with the command as it is typed', async (words, usage) => {
  expect((await renderHelp('contextcore-install', words.split(' '))).split('\n')[0]).toBe(usage);
});

test.each(['--help', 'images --help', 'run --help', 'images check --help'])(
  '%s keeps within a narrow terminal',
  async (words) => {
    const found = await parseCommandLine('contextcore-install', words.split(' '), '', 60);
    const lines = 'print' in found ? found.print.split('\n') : [];
    expect(lines.length).toBeGreaterThan(5);
    expect(lines.filter((line) => line.length > 60 || line.includes('[]'))).toEqual([]);
  },
);
