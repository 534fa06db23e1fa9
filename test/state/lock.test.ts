import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { tryFileLock } from '../../src/state/file-lock.ts';
import { acquireLock, listLocks, removeStaleLock, withLock } from '../../src/state/lock.ts';
import { tryRecordLock } from '../../src/state/lock-by-record.ts';
import { ownHolder, readLivingHolder } from '../../src/state/lock-holder.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { makePaths } from './support.ts';

const SOURCES = join(import.meta.dirname, '../../src/state');

/** A process that runs this code with every exported function of lock.ts and friends, says "ready", and stays. */
async function startHolder(code: string): Promise<ChildProcess> {
  const script = `
    import { acquireLock } from ${JSON.stringify(join(SOURCES, 'lock.ts'))};
    import { tryRecordLock } from ${JSON.stringify(join(SOURCES, 'lock-by-record.ts'))};
    import { ownHolder } from ${JSON.stringify(join(SOURCES, 'lock-holder.ts'))};
    ${code}
    console.log('ready');
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'close');
}

describe('the lock of a plan', () => {
  it('refuses a second run at once, saying who holds it, since when and where', async () => {
    const paths = await makePaths();
    const child = await startHolder(
      `await acquireLock(${JSON.stringify(paths)}, { command: 'create-cluster --resume' })`,
    );
    const error = await acquireLock(paths, { command: 'second' }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'locked', exitCode: 4 });
    expect(String(error)).toMatch(/"create-cluster --resume" \(pid \d+ on .+, since \d{4}-.+Z\)/);
    expect(String(error)).toContain(`pid ${child.pid} on ${hostname()}`);
    expect(readLivingHolder(paths)?.pid).toBe(child.pid);
  });

  it('is free when its holder was killed; its leftover is shown as stale and blocks nobody', async () => {
    const paths = await makePaths();
    const child = await startHolder(`await acquireLock(${JSON.stringify(paths)}, { command: 'x' })`);
    const shown = { cluster: paths.cluster, plan: paths.plan, path: paths.lock };
    expect(await listLocks(paths.home)).toEqual([expect.objectContaining({ ...shown, state: 'held' })]);
    await kill(child);
    expect(await listLocks(paths.home)).toEqual([expect.objectContaining({ ...shown, state: 'stale' })]);
    expect(readLivingHolder(paths)).toBeUndefined();
    const lock = await acquireLock(paths, { command: 'next' });
    await lock.release();
    expect(await listLocks(paths.home)).toEqual([{ ...shown, state: 'free' }]);
  });

  it('is held whatever its file says, and the file is never replaced', async () => {
    const paths = await makePaths();
    const lock = await acquireLock(paths, { command: 'first' });
    const { ino } = statSync(paths.lock);
    writeFileSync(paths.lock, 'overwritten');
    await expect(acquireLock(paths, { command: 'second' })).rejects.toMatchObject({ code: 'locked' });
    await lock.release();
    await lock.release();
    await (await acquireLock(paths, { command: 'third' })).release();
    expect(statSync(paths.lock).ino).toBe(ino);
  });

  it('can be cleared of a leftover, but not of a living run', async () => {
    const paths = await makePaths();
    const child = await startHolder(`await acquireLock(${JSON.stringify(paths)}, { command: 'x' })`);
    await expect(removeStaleLock(paths)).rejects.toMatchObject({ code: 'locked' });
    await kill(child);
    await removeStaleLock(paths);
    expect(readFileSync(paths.lock, 'utf8')).toBe('');
  });

  it('is of one plan only', async () => {
    const paths = await makePaths();
    const other = { ...paths, ...(await makePaths('other')) };
    const locks = await Promise.all([paths, other].map((one) => acquireLock(one, { command: 'x' })));
    await Promise.all(locks.map((lock) => lock.release()));
  });
});

it('a waiting lock lets one in at a time', async () => {
  const home = await makeTempFolder();
  let inside = 0;
  let most = 0;
  const visit = async (): Promise<void> => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setTimeout(resolve, 20));
    inside -= 1;
  };
  await Promise.all([1, 2, 3].map(() => withLock(home, 'ports', visit)));
  expect(most).toBe(1);
});

describe('where the system has no file locks', () => {
  it('a living holder is respected, a dead one is followed', async () => {
    const path = join(await makeTempFolder(), 'lock');
    const child = await startHolder(`tryRecordLock(${JSON.stringify(path)}, ownHolder('x'))`);
    expect(await tryFileLock(path, ownHolder('y'), undefined)).toMatchObject({
      holder: { pid: child.pid, command: 'x' },
    });
    await kill(child);
    const lock = await tryFileLock(path, ownHolder('y'), undefined);
    expect('release' in lock).toBe(true);
    expect(tryRecordLock(path, ownHolder('z'))).toMatchObject({ holder: { command: 'y' } });
    if ('release' in lock) await lock.release();
    expect('release' in tryRecordLock(path, ownHolder('z'))).toBe(true);
  });

  it('a holder on another host counts as living', async () => {
    const path = join(await makeTempFolder(), 'lock');
    tryRecordLock(path, { ...ownHolder('x'), pid: 1, start_ticks: 1, host: 'elsewhere' });
    expect(tryRecordLock(path, ownHolder('y'))).toMatchObject({ holder: { host: 'elsewhere' } });
  });

  it('of many that follow a dead holder at once, one gets it', async () => {
    const path = join(await makeTempFolder(), 'lock');
    await kill(await startHolder(`tryRecordLock(${JSON.stringify(path)}, ownHolder('dead'))`));
    const code = `const taken = tryRecordLock(${JSON.stringify(path)}, ownHolder('new')); console.log('release' in taken ? 'got' : 'no');`;
    const contenders = await Promise.all(
      [1, 2, 3, 4].map(async () => {
        const script = `import { tryRecordLock } from ${JSON.stringify(join(SOURCES, 'lock-by-record.ts'))};
          import { ownHolder } from ${JSON.stringify(join(SOURCES, 'lock-holder.ts'))}; ${code} setInterval(() => {}, 1000);`;
        const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
          stdio: ['ignore', 'pipe', 'inherit'],
        });
        onTestFinished(() => void child.kill('SIGKILL'));
        const [word] = (await once(child.stdout, 'data')) as [Buffer];
        return word.toString().trim();
      }),
    );
    expect(contenders.filter((word) => word === 'got')).toHaveLength(1);
  });
});
