import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { writeFile } from '../support/cli-files.ts';
import { startFaultyWay } from '../support/servers/faulty-way.ts';
import {
  type PushedImage,
  pushImage,
  REGISTRY,
  type RunningRegistry,
  startRegistry,
} from '../support/servers/registry.ts';
import { missingPrograms } from '../support/servers/start-server.ts';
import { covers } from './interface.ts';

const missing = await missingPrograms(REGISTRY);

describe.skipIf(missing !== undefined)(`container images${missing ? ` (${missing})` : ''}`, () => {
  let registry: RunningRegistry;
  let web: PushedImage;

  beforeAll(async () => {
    registry = await startRegistry();
    web = await pushImage(registry.url, 'us/web:1.2.0', { platforms: ['linux/amd64', 'linux/arm64'] });
    await pushImage(registry.url, 'us/db:16.4.1', { platforms: ['linux/amd64', 'linux/arm64'] });
    await pushImage(registry.url, 'us/db:17', { platforms: ['linux/amd64', 'linux/arm64'] });
  });
  afterAll(() => registry?.stop());

  const compose = (db = '16.4.0') =>
    [
      '# Our stack',
      'services:',
      `  web: { image: "${registry.host}/us/web:1.2.0" }`,
      '  db:',
      `    image: ${registry.host}/us/db:${db} # the data`,
      '',
    ].join('\n');
  const chain = (...fallbacks: string[]) =>
    `version: 1\nchains:\n  - image: ${registry.host}/us/db:16.4.0\n    fallbacks:\n${fallbacks
      .map((tag) => `      - image: ${registry.host}/us/db:${tag}\n`)
      .join('')}`;

  test(`are checked: what cannot be had is named with its line ${covers('images check', 'exit 1')}`, async () => {
    const ground = makeGround();
    const file = writeFile(ground.folder, 'compose.yaml', compose());
    const failed = await ground.install(['images', 'check', file]);
    expect(failed.exitCode).toBe(1);
    expect(failed.stdout).toMatch(
      /✓ \S+us\/web:1\.2\.0 +registry +sha256:[0-9a-f]{12} +linux\/\S+ +\S+compose\.yaml:3/,
    );
    expect(failed.stderr).toContain(`1 of 2 images cannot be had: ${registry.host}/us/db:16.4.0`);
    expect(failed.stderr).toContain(`${file}:5: ${registry.host}/us/db:16.4.0: not found (404)`);
    const good = await ground.install(['images', 'check', writeFile(ground.folder, 'good.yaml', compose('17'))]);
    expect(good).toMatchObject({ exitCode: 0, stderr: '' });
  });

  test(`are told as JSON, for a platform and from a mirror ${covers('images --json', '--image-mirror')}`, async () => {
    const ground = makeGround();
    const list = writeFile(ground.folder, 'images.txt', 'us/web:1.2.0\nus/web:2\n');
    const args = ['images', 'check', list, '--image-mirror', registry.host, '--platform', 'linux/arm64', '--json'];
    const { exitCode, stdout } = await ground.install(args);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      platform: 'linux/arm64',
      images: [
        {
          image: 'us/web:1.2.0',
          reference: `${registry.host}/us/web:1.2.0`,
          available: true,
          found: 'registry',
          digest: web.digest,
          platform: 'linux/arm64',
          places: [{ file: list, line: 1 }],
        },
        { image: 'us/web:2', available: false, error: { class: 'not_found' }, places: [{ file: list, line: 2 }] },
      ],
    });
  });

  test(`that are gone are replaced, and taken back ${covers('images fix', 'images fix --revert')}`, async () => {
    const ground = makeGround();
    const file = writeFile(ground.folder, 'compose.yaml', compose());
    const chains = writeFile(ground.folder, 'chains.yaml', chain('16.4.9', '16.4.1', '17'));
    const tried = await ground.install(['images', 'fix', file, '--chains', chains, '--dry-run']);
    expect(tried.exitCode).toBe(0);
    expect(tried.stderr).toContain(`+    image: ${registry.host}/us/db:16.4.1 # the data`);
    expect(tried.stderr).toContain('patch version; not to be had');
    expect(readFileSync(file, 'utf8')).toBe(compose());
    const fixed = await ground.install(['images', 'fix', file, '--chains', chains, '--json']);
    expect(fixed.exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(compose('16.4.1'));
    const { fixes, copies } = JSON.parse(fixed.stdout);
    expect(fixes).toMatchObject([{ to: `${registry.host}/us/db:16.4.1`, change: 'patch' }]);
    expect(readFileSync(copies[0].copy, 'utf8')).toBe(compose());
    expect((await ground.install(['images', 'fix', file, '--revert'])).exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(compose());
    expect(readdirSync(ground.folder).filter((name) => name.endsWith('.bak'))).toEqual([]);
  });

  test(`are not replaced by another version unasked ${covers('images fix --allow', 'exit 2')}`, async () => {
    const ground = makeGround();
    const file = writeFile(ground.folder, 'compose.yaml', compose());
    const chains = writeFile(ground.folder, 'chains.yaml', chain('17'));
    const asked = await ground.install(['images', 'fix', file, '--chains', chains]);
    expect(asked.exitCode).toBe(2);
    expect(asked.stderr).toContain('major version');
    expect(readFileSync(file, 'utf8')).toBe(compose());
    const allowed = await ground.install(['images', 'fix', file, '--chains', chains, '--allow', 'major']);
    expect(allowed.exitCode).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(compose('17'));
    const none = writeFile(ground.folder, 'other.yaml', compose('1'));
    const nothing = await ground.install(['images', 'fix', none, '--yes']);
    expect(nothing.exitCode).toBe(1);
    expect(nothing.stderr).toContain(`${none}:5: there is no chain for it`);
  });

  test(`are mirrored, and what is written makes others use the copies ${covers('images mirror', 'images mirror --to')}`, async () => {
    const ground = makeGround();
    const target = await startRegistry();
    onTestFinished(() => target.stop());
    const file = writeFile(ground.folder, 'compose.yaml', compose('17'));
    const to = `${target.host}/hub`;
    const args = ['images', 'mirror', file, '--to', to, '--platform', 'linux/arm64'];
    const { exitCode, stdout } = await ground.install([...args, '--json']);
    expect(exitCode).toBe(0);
    const { ok, images, files } = JSON.parse(stdout);
    expect(ok).toBe(true);
    expect(images).toMatchObject([
      {
        image: `${registry.host}/us/web:1.2.0`,
        target: `${to}/us/web:1.2.0`,
        platform: 'linux/arm64',
        was_there: false,
      },
      { target: `${to}/us/db:17` },
    ]);
    expect(files).toEqual(
      ['create-cluster.yaml', 'images.txt', 'compose.mirror.yaml'].map((name) => join('image-mirror', name)),
    );
    const again = await ground.install(args);
    expect(again.stderr.match(/^was there/gm)).toHaveLength(2);
    // Nobody but the mirror is asked any more.
    const elsewhere = ['--image-mirror', to, '--platform', 'linux/arm64'];
    expect((await ground.install(['images', 'check', file, ...elsewhere])).exitCode).toBe(0);
    for (const name of ['images.txt', 'compose.mirror.yaml']) {
      const written = join('image-mirror', name);
      expect((await ground.install(['images', 'check', written, '--platform', 'linux/arm64'])).exitCode).toBe(0);
      expect(readFileSync(join(ground.folder, written), 'utf8')).toContain(`${to}/us/web:1.2.0@${images[0].digest}`);
    }
    const config = join('image-mirror', 'create-cluster.yaml');
    const taken = await ground.createCluster(['--dry-run', '--provider', 'host', '--config', config]);
    expect(taken.stderr).not.toContain('image-mirror');
    expect(readFileSync(join(ground.folder, config), 'utf8')).toContain(`image-mirror: ${to}`);
  });

  test(`are mirrored to the end by the call after Ctrl-C ${covers('exit 130')}`, async () => {
    const ground = makeGround();
    const target = await startRegistry();
    const way = await startFaultyWay(registry.url);
    onTestFinished(() => target.stop());
    onTestFinished(() => way.close());
    const list = writeFile(ground.folder, 'images.txt', `${way.host}/us/web:1.2.0\n`);
    const args = ['images', 'mirror', list, '--to', target.host, '--platform', 'linux/amd64'];
    way.fault = ({ path }) =>
      path.includes('/blobs/') ? { status: 429, headers: { 'retry-after': '120' } } : undefined;
    const stopped = ground.start('contextcore-install', args);
    await stopped.seen('429');
    stopped.kill('SIGINT');
    expect((await stopped.ended).exitCode).toBe(130);
    way.fault = () => undefined;
    const done = await ground.install(args);
    expect(done).toMatchObject({ exitCode: 0, stderr: expect.stringContaining('copied') });
  });

  test('that cannot be mirrored are named, the others are there', async () => {
    const ground = makeGround();
    const target = await startRegistry();
    onTestFinished(() => target.stop());
    const list = writeFile(ground.folder, 'images.txt', `${registry.host}/us/web:1.2.0\n${registry.host}/us/gone:1\n`);
    const failed = await ground.install(['images', 'mirror', list, '--to', target.host]);
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain(`1 of 2 images were not copied: ${registry.host}/us/gone:1`);
    expect(failed.stderr).toContain(`${list}:2: `);
    expect((await ground.install(['images', 'check', list, '--image-mirror', target.host, '--json'])).stdout).toContain(
      '"available":true',
    );
    expect((await ground.install(['images', 'mirror', list, '--to', 'https://x'])).exitCode).toBe(2);
  });

  test('that cannot be read are wrong usage', async () => {
    const ground = makeGround();
    expect((await ground.install(['images', 'check', 'none.yaml'])).exitCode).toBe(2);
    expect((await ground.install(['images', 'check'])).exitCode).toBe(2);
    const list = writeFile(ground.folder, 'images.txt', 'a\n');
    expect((await ground.install(['images', 'check', list, '--platform', 'what'])).exitCode).toBe(2);
  });
});
