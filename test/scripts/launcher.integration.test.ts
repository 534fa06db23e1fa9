import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { startSite } from '../support/http-site.ts';
import { findOldNode, makeGround, repository, which } from './bare-clone.ts';

const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
const ground = makeGround();
afterAll(() => ground.remove());

/** Nothing can be fetched: the registry and the archive are closed ports. */
const OFFLINE = { npm_config_registry: 'http://127.0.0.1:9', CONTEXTCORE_NODE_DIST: 'http://127.0.0.1:9' };
const recent = { node: process.execPath, npm: which('npm') };

describe('a bare clone', () => {
  test('works with an old Node.js only, then offline, through a link and from another folder', async (context) => {
    const old = findOldNode();
    if (old === undefined) return context.skip('no Node.js older than 22 with npm on the PATH');
    const clone = ground.clone('old node');
    const path = ground.path('old-bin', { node: old.node, npm: old.npm });
    const first = await ground.run(join(clone, 'scripts/create-cluster'), ['--version'], { path });
    expect(first, first.stderr).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
    expect(first.stderr).toContain('too old');

    symlinkSync(join(clone, 'scripts/contextcore-install'), join(ground.folder, 'installer'));
    const second = await ground.run('./installer', ['--version'], { path, cwd: ground.folder, env: OFFLINE });
    expect(second).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
    expect(existsSync(join(clone, '.cache/compile'))).toBe(true);
  });

  test('started twice at once sets itself up once; a touched lock file costs no network', async () => {
    const clone = ground.clone('twice');
    const path = ground.path('recent-bin', recent);
    const program = join(clone, 'scripts/create-cluster');
    const both = await Promise.all([1, 2].map(() => ground.run(program, ['--version'], { path })));
    expect(both.map(({ exitCode, stdout }) => ({ exitCode, stdout }))).toEqual([
      { exitCode: 0, stdout: `${version}\n` },
      { exitCode: 0, stdout: `${version}\n` },
    ]);
    expect(both.filter(({ stderr }) => stderr.includes('installing dependencies'))).toHaveLength(1);
    expect(both.filter(({ stderr }) => stderr.includes('waiting for another set-up'))).toHaveLength(1);

    execFileSync('touch', [join(clone, 'package-lock.json')]);
    const again = await ground.run(program, ['--version'], { path, env: OFFLINE });
    expect(again).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
  });

  test('carries on after its set-up was interrupted or killed', async () => {
    const clone = ground.clone('interrupted');
    const path = ground.path('interrupted-bin', recent);
    const program = join(clone, 'scripts/create-cluster');
    const interrupted = ground.start(program, ['--version'], { path });
    await interrupted.seen('installing dependencies');
    process.kill(-interrupted.pid, 'SIGINT');
    expect(await interrupted.ended).toMatchObject({ exitCode: 130, stdout: '' });
    expect(existsSync(join(clone, '.node/lock'))).toBe(false);

    const killed = ground.start(program, ['--version'], { path });
    await killed.seen('installing dependencies');
    process.kill(-killed.pid, 'SIGKILL');
    await killed.ended;
    expect(existsSync(join(clone, '.node/lock'))).toBe(true);
    expect(await ground.run(program, ['--version'], { path })).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
  });

  test('leaves no npm behind, whenever in its start it is interrupted', async () => {
    const clone = ground.clone('no orphan');
    const [npm, outlived] = [join(ground.folder, 'slow-npm'), join(ground.folder, 'outlived')];
    const slow = `[ "$1" = --version ] && echo 10.0.0 && exit; sleep 2 >&- 2>&-; touch '${outlived}'`;
    writeFileSync(npm, `#!/bin/sh\n${slow}\n`, { mode: 0o755 });
    const path = ground.path('slow-bin', { node: recent.node, npm });
    for (let time = 0; time < 20; time += 1) {
      const interrupted = ground.start(join(clone, 'scripts/create-cluster'), ['--version'], { path });
      await interrupted.seen('installing dependencies');
      const now = performance.now();
      while (performance.now() < now + time / 5);
      process.kill(-interrupted.pid, 'SIGINT');
      expect((await interrupted.ended).exitCode).toBe(130);
      expect(existsSync(outlived), `interrupted ${time / 5} ms after npm was told of`).toBe(false);
    }
  });

  test('says what to do when it cannot write to its own folder', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('needs root, to start it as another user');
    const clone = ground.clone('read-only');
    chmodSync(ground.folder, 0o755);
    const path = ground.path('other-bin');
    const ended = await ground.run(join(clone, 'scripts/create-cluster'), [], { path, uid: 65534 });
    expect(ended).toMatchObject({ exitCode: 3, stdout: '' });
    expect(ended.stderr).toContain(`cannot write to ${clone}`);
  });
});

describe('neither Node.js nor npm', () => {
  test('takes the official archive, but only with the listed checksum', async () => {
    const clone = ground.clone('no node');
    const path = ground.path('bare-bin');
    const archive = packNode();
    const sum = createHash('sha256').update(archive.body).digest('hex');
    const site = await startSite({
      [`/${archive.release}/${archive.name}`]: archive.body,
      [`/${archive.release}/SHASUMS256.txt`]: `${'0'.repeat(64)}  ${archive.name}\n`,
    });
    const env = { CONTEXTCORE_NODE_DIST: site.url };
    const program = join(clone, 'scripts/create-cluster');
    try {
      const refused = await ground.run(program, ['--version'], { path, env });
      expect(refused).toMatchObject({ exitCode: 3, stdout: '' });
      expect(refused.stderr).toContain('checksum');
      expect(existsSync(join(clone, '.node/stamp'))).toBe(false);

      site.pages[`/${archive.release}/SHASUMS256.txt`] = `${'1'.repeat(64)}  other.tar.gz\n${sum}  ${archive.name}\n`;
      const done = await ground.run(program, ['--version'], { path, env });
      expect(done, done.stderr).toMatchObject({ exitCode: 0, stdout: `${version}\n` });
    } finally {
      await site.close();
    }
    const offline = await ground.run(program, ['--version'], { path, env: OFFLINE });
    expect(offline).toEqual({ exitCode: 0, stdout: `${version}\n`, stderr: '' });
  });
});

/** An archive laid out as the official one: this machine's npm, and for speed a script that starts this very Node.js. */
function packNode(): { release: string; name: string; body: Buffer } {
  const pinned = /^NODE_VERSION=(.+)$/m.exec(readFileSync(join(repository, 'scripts/setup-node.sh'), 'utf8'))?.[1];
  const top = `node-v${pinned}-${process.platform}-${process.arch}`;
  const folder = join(ground.folder, 'archive', top);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  mkdirSync(join(folder, 'lib/node_modules'), { recursive: true });
  writeFileSync(join(folder, 'bin/node'), `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, { mode: 0o755 });
  const npm = dirname(dirname(which('npm')));
  execFileSync('cp', ['-R', npm, join(folder, 'lib/node_modules/npm')]);
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(folder, 'bin/npm'));
  const name = `${top}.tar.gz`;
  const archive = join(ground.folder, name);
  execFileSync('tar', ['-czf', archive, '-C', dirname(folder), basename(folder)]);
  return { release: `v${pinned}`, name, body: readFileSync(archive) };
}
