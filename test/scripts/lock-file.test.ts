import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { completeLockFile, findMissingPackages, type LockFile } from '../../scripts/lock-file.ts';

test('package-lock.json names every platform package (else: node scripts/complete-lock-file.ts)', () => {
  const text = readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8');
  expect(findMissingPackages(JSON.parse(text) as LockFile).map(([name]) => name)).toEqual([]);
});

test('a missing platform package is added with what its name tells', () => {
  const lock: LockFile = {
    packages: {
      'node_modules/tool': {
        version: '1.2.3',
        dev: true,
        optionalDependencies: { '@tool/cli-linux-x64-musl': '1.2.3' },
      },
    },
  };
  expect(completeLockFile(lock)).toEqual(['node_modules/@tool/cli-linux-x64-musl']);
  expect(lock.packages['node_modules/@tool/cli-linux-x64-musl']).toEqual({
    version: '1.2.3',
    cpu: ['x64'],
    dev: true,
    libc: ['musl'],
    optional: true,
    os: ['linux'],
  });
  expect(findMissingPackages(lock)).toEqual([]);
});
