import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/command-table.ts';
import { CLUSTER_FLAGS, MODE_FLAGS, SHARED_FLAGS } from '../../src/cli/flags.ts';
import { EXIT_CODES } from '../../src/errors/installer-error.ts';
import { INTERFACE, type InterfaceName, OWED, PROGRAMS } from './interface.ts';

const root = join(import.meta.dirname, '../..');
const owed = Object.keys(OWED) as InterfaceName[];

/** Names that `covers(...)` in the titles of end-to-end tests declares, by file. */
function declaredNames(): Map<string, string[]> {
  const found = new Map<string, string[]>();
  for (const file of globSync('test/e2e/**/*.e2e.test.ts', { cwd: root })) {
    if (file.includes('interface-coverage')) continue;
    const source = readFileSync(join(root, file), 'utf8');
    for (const [, args = ''] of source.matchAll(/\$\{covers\(([^)]*(?:\([^)]*\)[^)]*)*)\)\}/g)) {
      for (const [, name = ''] of args.matchAll(/'([^']+)'/g)) found.set(name, [...(found.get(name) ?? []), file]);
    }
  }
  return found;
}

describe('the interface', () => {
  const covered = declaredNames();

  test('every name has an end-to-end test or is owed', () => {
    expect(covered.size).toBeGreaterThan(20);
    expect(INTERFACE.filter((name) => !covered.has(name) && !owed.includes(name))).toEqual([]);
  });

  test('nothing is both owed and tested, and no test covers an unknown name', () => {
    expect(owed.filter((name) => covered.has(name))).toEqual([]);
    expect([...covered.keys()].filter((name) => !(INTERFACE as readonly string[]).includes(name))).toEqual([]);
  });

  test('a command that exists is not owed, and stands in the table', () => {
    const commands = Object.keys(COMMANDS);
    const isOf = (name: string, command: string) => name === command || name.startsWith(`${command} `);
    expect(owed.filter((name) => commands.some((command) => isOf(name, command)))).toEqual([]);
    expect(commands.filter((command) => !INTERFACE.some((name) => isOf(name, command)))).toEqual([]);
  });

  test('every flag of the programs stands in the table', () => {
    const written = { color: 'no-color' } as Readonly<Record<string, string>>;
    const flags = Object.keys({ ...MODE_FLAGS, ...SHARED_FLAGS, ...CLUSTER_FLAGS });
    const names = flags.map((flag) => `--${written[flag] ?? flag}`);
    expect(names.filter((flag) => !(INTERFACE as readonly string[]).includes(flag))).toEqual([]);
  });

  test('every exit code of the programs stands in the table', () => {
    const codes = [...new Set(Object.values(EXIT_CODES))].map((code) => `exit ${code}`);
    expect(codes.filter((code) => !(INTERFACE as readonly string[]).includes(code))).toEqual([]);
  });

  test('the package has both programs', () => {
    const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { bin: Record<string, string> };
    expect(Object.keys(bin).sort()).toEqual([...PROGRAMS].sort());
  });
});
