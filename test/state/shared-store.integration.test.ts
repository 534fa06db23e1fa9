import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createDiskStore } from '../../src/state/shared-store.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const WRITER = `
  const { createDiskStore } = await import(process.argv[1]);
  // However long the others take: who waits for seconds goes on without the lock.
  const store = createDiskStore(process.argv[2], 120_000);
  for (let i = 0; i < 20; i += 1) await store.update('count', (n) => ({ next: (n ?? 0) + 1, result: undefined }));
`;

describe('records that all processes of a home share', () => {
  test('five processes at once lose no change of each other', async () => {
    const folder = join(await makeTempFolder(), 'shared');
    const module = new URL('../../src/state/shared-store.ts', import.meta.url).href;
    const write = () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', WRITER, module, folder]);
    await Promise.all(Array.from({ length: 5 }, write));
    expect(createDiskStore(folder).read('count')).toBe(100);
    expect(readdirSync(folder).sort()).toEqual(['count.json', 'lock']);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(folder, 'count.json')).mode & 0o777).toBe(0o600);
  });

  test.skipIf(process.platform !== 'linux')(
    'a folder that cannot be made costs the disk, not the process',
    async () => {
      const store = createDiskStore('/proc/nowhere/shared');
      await store.update('count', () => ({ next: 1, result: undefined }));
      expect(store.read('count')).toBe(1);
    },
  );

  test('what cannot be read is as good as not there, and is written anew', async () => {
    const folder = await makeTempFolder();
    const store = createDiskStore(folder);
    writeFileSync(join(folder, 'x.json'), '{"torn');
    expect(store.read('x')).toBeUndefined();
    expect(await store.update('x', (current) => ({ next: { a: 1 }, result: current }))).toBeUndefined();
    expect(JSON.parse(readFileSync(join(folder, 'x.json'), 'utf8'))).toEqual({ a: 1 });
    await store.update('x', () => ({ next: undefined, result: undefined }));
    expect(store.list()).toEqual([]);
  });

  test('what the disk does not take is kept for this process', async () => {
    const folder = join(await makeTempFolder(), 'file', 'below');
    writeFileSync(join(folder, '..'), '');
    const store = createDiskStore(folder);
    await store.update('registry:docker.io', () => ({ next: 7, result: undefined }));
    expect(store.read('registry:docker.io')).toBe(7);
    expect(store.list()).toEqual(['registry:docker.io']);
    expect(createDiskStore(folder).read('registry:docker.io')).toBeUndefined();
  });

  test('a name with slashes and colons is one file', async () => {
    const folder = await makeTempFolder();
    const store = createDiskStore(folder);
    await store.update('breaker:registry:localhost:5000/../x', () => ({ next: 1, result: undefined }));
    expect(readdirSync(folder)).toHaveLength(2);
    expect(store.list()).toEqual(['breaker:registry:localhost:5000/../x']);
  });
});
