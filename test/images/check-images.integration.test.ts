import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type CheckOptions, checkImages } from '../../src/images/check-images.ts';
import { findImages } from '../../src/images/find/find-images.ts';
import { openKnownPlatforms } from '../../src/images/known-platforms.ts';
import { parsePlatform } from '../../src/images/platform.ts';
import { type FaultyWay, startFaultyWay } from '../support/servers/faulty-way.ts';
import {
  type PushedImage,
  pushImage,
  REGISTRY,
  type RunningRegistry,
  startRegistry,
} from '../support/servers/registry.ts';
import { missingPrograms } from '../support/servers/start-server.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { makeGuard, openTestApi } from './support.ts';

const missing = await missingPrograms(REGISTRY);
const AMD64 = parsePlatform('linux/amd64');

describe.skipIf(missing !== undefined)(`images at a real registry${missing ? ` (${missing})` : ''}`, () => {
  let registry: RunningRegistry;
  let app: PushedImage;
  let many: PushedImage;

  beforeAll(async () => {
    registry = await startRegistry();
    app = await pushImage(registry.url, 'us/app:1.2');
    many = await pushImage(registry.url, 'us/many:7', { platforms: ['linux/amd64', 'linux/arm64/v8'] });
  });
  afterAll(() => registry?.stop());

  const check = (lines: readonly string[], more: Partial<CheckOptions> = {}) => {
    const { guard } = makeGuard();
    const found = findImages({ file: 'images.txt', text: lines.join('\n'), isYaml: false }, {})?.images ?? [];
    return checkImages(found, { api: openTestApi(), guard, env: {}, platform: AMD64, local: false, ...more });
  };
  const faultyWay = async (): Promise<FaultyWay> => {
    const way = await startFaultyWay(registry.url);
    onTestFinished(() => way.close());
    return way;
  };

  it('are found with digest and platform, each asked for once', async () => {
    const way = await faultyWay();
    const lines = [`${way.host}/us/app:1.2`, `${way.host}/us/many:7`, `${way.host}/us/app:1.2`];
    const checked = await check(lines);
    expect(checked).toMatchObject([
      { found: 'registry', digest: app.digest, platform: AMD64, places: [{ line: 1 }, { line: 3 }] },
      { found: 'registry', digest: many.digest, platform: AMD64 },
    ]);
    expect(way.requests.filter((request) => request.startsWith('HEAD'))).toHaveLength(2);
  });

  it('that were looked at before are asked for by HEAD alone, also by the next command', async () => {
    const path = join(await makeTempFolder(), 'image-platforms.json');
    const way = await faultyWay();
    const lines = [`${way.host}/us/app:1.2`, `${way.host}/us/many:7`];
    const known = await openKnownPlatforms(path);
    const first = await check(lines, { known });
    await known.save();
    way.requests.length = 0;
    expect(await check(lines, { known: await openKnownPlatforms(path) })).toEqual(first);
    expect(way.requests.map((request) => request.split(' ')[0])).toEqual(['HEAD', 'HEAD']);
    const [other] = await check(lines, {
      known: await openKnownPlatforms(path),
      platform: parsePlatform('linux/s390x'),
    });
    expect(other?.error?.message).toContain('not made for linux/s390x');
    await writeFile(path, '{"sha256:1": "no list"}');
    expect(await check(lines, { known: await openKnownPlatforms(path) })).toEqual(first);
  });

  it('are found by digest, and refused when another comes back', async () => {
    const way = await faultyWay();
    const pinned = `${way.host}/us/app@${app.digest}`;
    expect(await check([pinned])).toMatchObject([{ found: 'registry', digest: app.digest }]);
    way.fault = ({ method }) => (method === 'GET' ? { garble: true } : undefined);
    expect(await check([pinned])).toMatchObject([{ error: { details: { class: 'checksum' } } }]);
  });

  it('are not to be had: no such tag, no such repository, not for the platform, no reference', async () => {
    const checked = await check(
      [`${registry.host}/us/app:9`, `${registry.host}/us/none:1`, `${registry.host}/us/app:1.2`, 'Not/Valid'],
      { platform: parsePlatform('linux/arm64') },
    );
    expect(checked.map(({ error }) => error?.message)).toEqual([
      `${registry.host}/us/app:9: not found (404)`,
      `${registry.host}/us/none:1: not found (404)`,
      `${registry.host}/us/app:1.2 is not made for linux/arm64, but for linux/amd64`,
      expect.stringContaining('capital letters'),
    ]);
    expect(checked.every(({ found }) => found === undefined)).toBe(true);
  });

  it('are taken from a mirror', async () => {
    const way = await faultyWay();
    expect(await check(['us/app:1.2', 'quay.io/us/many:7'], { mirror: way.host })).toMatchObject([
      { text: 'us/app:1.2', found: 'registry', reference: { registry: way.host, repository: 'us/app' } },
      { text: 'quay.io/us/many:7', found: 'registry' },
    ]);
  });

  it('are asked for again as late as a busy registry wishes', async () => {
    const way = await faultyWay();
    const times: number[] = [];
    way.fault = () => {
      times.push(Date.now());
      return times.length === 1 ? { status: 429, headers: { 'retry-after': '1' } } : undefined;
    };
    expect(await check([`${way.host}/us/app:1.2`])).toMatchObject([{ found: 'registry' }]);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('of a registry that is busy for a moment are had in the end, however many were asked for at once', async () => {
    const way = await faultyWay();
    const names = Array.from({ length: 24 }, (_, number) => `us/crowd-${number}:1`);
    for (const name of names) await pushImage(registry.url, name);
    let busy = 16;
    way.fault = () => {
      busy -= 1;
      return busy >= 0 ? { status: 429, headers: { 'retry-after': '1' } } : undefined;
    };
    const checked = await check(names.map((name) => `${way.host}/${name}`));
    expect(checked.filter(({ found }) => found === undefined).map(({ error }) => error?.message)).toEqual([]);
  });

  it('are asked for again while a registry is ill, and told of when it stays so', async () => {
    const way = await faultyWay();
    let ill = 2;
    way.fault = () => {
      ill -= 1;
      return ill >= 0 ? { status: 503 } : undefined;
    };
    const { guard } = makeGuard({ hurry: 100 });
    expect(await check([`${way.host}/us/app:1.2`], { guard })).toMatchObject([{ found: 'registry' }]);
    way.fault = () => ({ status: 503 });
    const [failed] = await check([`${way.host}/us/app:1.2`], { guard: makeGuard({ hurry: 100 }).guard });
    expect(failed?.error).toMatchObject({ details: { class: 'server_error', exhausted: true } });
  });
});
