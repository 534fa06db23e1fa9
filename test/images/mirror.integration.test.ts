import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { groupImages } from '../../src/images/check-images.ts';
import { findImages } from '../../src/images/find/find-images.ts';
import { type Mirrored, mirrorImages, planMirror } from '../../src/images/mirror/mirror-images.ts';
import { parsePlatform } from '../../src/images/platform.ts';
import type { Credentials } from '../../src/images/registry/credentials.ts';
import { type FaultyWay, startFaultyWay } from '../support/servers/faulty-way.ts';
import { isIn, pushImage, REGISTRY, type RunningRegistry, sha256, startRegistry } from '../support/servers/registry.ts';
import { missingPrograms } from '../support/servers/start-server.ts';
import { startSpoiledWay, TOXIPROXY } from '../support/servers/toxiproxy.ts';
import { makeGuard, openTestApi } from './support.ts';

const missing = await missingPrograms(REGISTRY);
const noToxiproxy = await missingPrograms(TOXIPROXY);
const AMD64 = parsePlatform('linux/amd64');
const BOTH = ['linux/amd64', 'linux/arm64'];
const LAYER = randomBytes(3 << 20);
const LAYER_DIGEST = sha256(LAYER);

describe.skipIf(missing !== undefined)(`a mirror${missing ? ` (${missing})` : ''}`, () => {
  let source: RunningRegistry;
  let way: FaultyWay;

  beforeAll(async () => {
    source = await startRegistry();
    way = await startFaultyWay(source.url);
  });
  afterAll(async () => {
    await way?.close();
    await source?.stop();
  });

  const startTarget = async (options = {}): Promise<{ registry: RunningRegistry; way: FaultyWay }> => {
    const registry = await startRegistry(options);
    const targetWay = await startFaultyWay(registry.url);
    onTestFinished(() => registry.stop());
    onTestFinished(() => targetWay.close());
    return { registry, way: targetWay };
  };

  const mirror = async (
    names: readonly string[],
    to: string,
    { all = false, login }: { all?: boolean; login?: Credentials } = {},
  ): Promise<readonly Mirrored[]> => {
    way.requests.length = 0;
    const text = names.map((name) => `${way.host}/${name}`).join('\n');
    const found = findImages({ file: 'images.txt', text, isYaml: false }, {})?.images ?? [];
    const api = openTestApi({ credentials: async (host) => (host === way.host ? undefined : login) });
    const jobs = planMirror(groupImages(found, { platform: AMD64 }), to, all);
    return mirrorImages(jobs, { api, guard: makeGuard().guard }, () => undefined);
  };
  const blobsTaken = () => way.requests.filter((one) => one.startsWith('GET') && one.includes('/blobs/'));

  it('gets an image with all of its platforms, by its digests, and is not sent it twice', async () => {
    const target = await startTarget();
    const { digest, blobs } = await pushImage(source.url, 'a/app:1', { platforms: BOTH, layers: [LAYER] });
    const to = `${target.way.host}/hub`;
    expect(await mirror(['a/app:1'], to, { all: true })).toMatchObject([{ copied: { digest, wasThere: false } }]);
    for (const blob of blobs) expect(await isIn(target.registry.url, `hub/a/app/blobs/${blob}`)).toBe(true);
    expect(await isIn(target.registry.url, `hub/a/app/manifests/${digest}`)).toBe(true);
    target.way.requests.length = 0;
    expect(await mirror(['a/app:1'], to, { all: true })).toMatchObject([
      { copied: { digest, wasThere: true, bytes: 0 } },
    ]);
    expect(target.way.requests.every((one) => one.startsWith('HEAD'))).toBe(true);
    expect(blobsTaken()).toEqual([]);
  });

  it('gets one platform alone, unless the image is pinned by the digest of all', async () => {
    const target = await startTarget();
    const { digest } = await pushImage(source.url, 'b/app:1', { platforms: BOTH });
    const [one] = await mirror(['b/app:1'], target.way.host);
    expect(one).toMatchObject({ copied: { wasThere: false } });
    expect(await isIn(target.registry.url, `b/app/manifests/${digest}`)).toBe(false);
    expect(await mirror([`b/app:1@${digest}`], target.way.host)).toMatchObject([{ copied: { digest } }]);
    expect(await isIn(target.registry.url, `b/app/manifests/${digest}`)).toBe(true);
  });

  it('gets a layer of several images once, and mounts it for the others', async () => {
    const target = await startTarget();
    const names = ['c/one:1', 'c/two:1', 'c/three:1'];
    for (const name of names) await pushImage(source.url, name, { layers: [LAYER] });
    await mirror(names, target.way.host);
    const sent = target.way.requests.filter(
      (one) => one.startsWith('PUT') && one.includes(encodeURIComponent(LAYER_DIGEST)),
    );
    expect(sent).toHaveLength(1);
    for (const name of ['c/one', 'c/two', 'c/three']) {
      expect(await isIn(target.registry.url, `${name}/blobs/${LAYER_DIGEST}`)).toBe(true);
    }
  });

  it('gets a layer whole though the connection is cut in its middle, each byte once', async () => {
    const target = await startTarget();
    await pushImage(source.url, 'd/app:1', { layers: [LAYER] });
    let cuts = 0;
    const ranges: (string | undefined)[] = [];
    way.fault = ({ path, headers }) => {
      if (!path.includes(LAYER_DIGEST)) return undefined;
      ranges.push(headers.range);
      cuts += 1;
      return cuts <= 5 ? { cutAfter: 400_000 } : undefined;
    };
    onTestFinished(() => {
      way.fault = () => undefined;
    });
    expect(await mirror(['d/app:1'], target.way.host)).toMatchObject([{ copied: { wasThere: false } }]);
    expect(await isIn(target.registry.url, `d/app/blobs/${LAYER_DIGEST}`)).toBe(true);
    const starts = ranges.map((range) => Number(/\d+/.exec(range ?? '0')?.[0]));
    expect(starts[0]).toBe(0);
    expect(starts.slice(1).every((start, index) => start > (starts[index] ?? 0))).toBe(true);
    expect(target.way.requests.filter((one) => one.startsWith('PUT') && one.includes('/uploads/'))).toHaveLength(2);
  });

  it.skipIf(noToxiproxy !== undefined)(
    `gets a layer whole through a line that breaks again and again${noToxiproxy ? ` (${noToxiproxy})` : ''}`,
    async () => {
      const target = await startTarget();
      const broken = await startSpoiledWay(new URL(source.url).host);
      onTestFinished(() => broken.stop());
      const large = randomBytes(12 << 20);
      await pushImage(source.url, 'i/app:1', { layers: [large] });
      // Each connection ends after so many bytes, in the middle of whatever it carries.
      await broken.spoil('limit_data', { bytes: 1_000_000 });
      const from = new URL(broken.url).host;
      const found = findImages({ file: 'images.txt', text: `${from}/i/app:1`, isYaml: false }, {})?.images ?? [];
      const jobs = planMirror(groupImages(found, { platform: AMD64, mirror: undefined }), target.way.host, false);
      const ports = { api: openTestApi(), guard: makeGuard().guard };
      expect(await mirrorImages(jobs, ports, () => undefined)).toMatchObject([{ copied: { wasThere: false } }]);
      const copy = await fetch(`${target.registry.url}/v2/i/app/blobs/${sha256(large)}`);
      expect(sha256(new Uint8Array(await copy.arrayBuffer()))).toBe(sha256(large));
    },
  );

  it('is not given a layer with a wrong digest, nor what is made of it', async () => {
    const target = await startTarget();
    await pushImage(source.url, 'e/app:1', { layers: [LAYER] });
    way.fault = ({ path }) => (path.includes(LAYER_DIGEST) ? { garble: true } : undefined);
    onTestFinished(() => {
      way.fault = () => undefined;
    });
    expect(await mirror(['e/app:1'], target.way.host)).toMatchObject([{ error: { details: { class: 'checksum' } } }]);
    expect(await isIn(target.registry.url, `e/app/blobs/${LAYER_DIGEST}`)).toBe(false);
    expect(await isIn(target.registry.url, 'e/app/manifests/1')).toBe(false);
  });

  it('that was ill or busy for a while has everything in the end', async () => {
    const target = await startTarget();
    await pushImage(source.url, 'f/app:1', { layers: [LAYER] });
    let ill = 2;
    target.way.fault = ({ method }) => {
      if (method !== 'POST' && method !== 'HEAD') return undefined;
      ill -= 1;
      if (ill < 0) return undefined;
      return ill === 0 ? { status: 429, headers: { 'retry-after': '1' } } : { status: 503 };
    };
    expect(await mirror(['f/app:1'], target.way.host)).toMatchObject([{ copied: { wasThere: false } }]);
  });

  it('that is busy for a moment is not taken for gone, however many blobs were on their way', async () => {
    const target = await startTarget();
    await pushImage(source.url, 'j/app:1', { layers: Array.from({ length: 8 }, () => randomBytes(1_000)) });
    let busy = 6;
    target.way.fault = ({ method }) => {
      if (method !== 'POST') return undefined;
      busy -= 1;
      return busy >= 0 ? { status: 429, headers: { 'retry-after': '1' } } : undefined;
    };
    expect(await mirror(['j/app:1'], target.way.host)).toMatchObject([{ copied: { wasThere: false } }]);
  });

  it('that was filled half is filled by the next call, with what is missing', async () => {
    const target = await startTarget();
    const second = randomBytes(100_000);
    await pushImage(source.url, 'g/app:1', { layers: [LAYER, second] });
    way.fault = ({ path }) => (path.includes(sha256(second)) ? { status: 404 } : undefined);
    onTestFinished(() => {
      way.fault = () => undefined;
    });
    expect(await mirror(['g/app:1'], target.way.host)).toMatchObject([{ error: { details: { class: 'not_found' } } }]);
    way.fault = () => undefined;
    expect(await mirror(['g/app:1'], target.way.host)).toMatchObject([{ copied: { bytes: second.length } }]);
    expect(blobsTaken()).toEqual([expect.stringContaining(sha256(second))]);
  });

  it('may ask for a login', async () => {
    const target = await startTarget({ login: true });
    await pushImage(source.url, 'h/app:1');
    expect(await mirror(['h/app:1'], target.way.host)).toMatchObject([
      { error: { details: { class: 'unauthorized' } } },
    ]);
    const login = { username: 'somebody', password: 'secret' };
    expect(await mirror(['h/app:1'], target.way.host, { login })).toMatchObject([{ copied: { wasThere: false } }]);
  });
});
