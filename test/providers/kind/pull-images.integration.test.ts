import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { pullMissing } from '../../../src/providers/kind/pull-images.ts';
import { type FaultyWay, startFaultyWay } from '../../support/servers/faulty-way.ts';
import { REGISTRY, type RunningRegistry, startRegistry } from '../../support/servers/registry.ts';
import { missingPrograms } from '../../support/servers/start-server.ts';
import { makeStepContext } from '../../support/step-context.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { makeConfig } from './support.ts';

const BASE = 'kit/busybox';
const missing = (await missingPrograms(['docker'], REGISTRY)) ?? whyNoImage();

function whyNoImage(): string | undefined {
  return docker('images', '-q', BASE) === '' ? `Docker has no image ${BASE}` : undefined;
}

function docker(...args: readonly string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' }).trim();
}

describe.skipIf(missing !== undefined)(`pulling images${missing === undefined ? '' : `: ${missing}`}`, () => {
  let registry: RunningRegistry;
  let way: FaultyWay;
  beforeAll(async () => {
    registry = await startRegistry();
    way = await startFaultyWay(registry.url);
  });
  afterAll(() => Promise.all([way?.close(), registry?.stop()]));

  /** An image that only the registry has; pushed past the faulty way, which this process serves. */
  function push(name: string): string {
    const direct = `${registry.host}/${name}:1`;
    // A layer of its own: what Docker knows already it does not fetch.
    const folder = mkdtempSync(join(tmpdir(), 'ccx-layer-'));
    writeFileSync(join(folder, 'blob'), randomBytes(300_000));
    const layer = execFileSync('tar', ['-C', folder, '-cf', '-', 'blob']);
    execFileSync('docker', ['import', '-', direct], { input: layer });
    rmSync(folder, { recursive: true });
    docker('push', '--quiet', direct);
    docker('rmi', direct);
    const image = `${way.host}/${name}:1`;
    onTestFinished(() => void execFileSync('sh', ['-c', `docker rmi ${image} 2>/dev/null || true`]));
    return image;
  }

  async function pull(images: readonly string[]) {
    const ctx = await makeStepContext();
    await pullMissing(ctx, await makeConfig(await makeTempFolder()), images);
    return ctx.events;
  }

  const has = (image: string) => docker('images', '-q', image) !== '';

  test('a registry that is overloaded for a while is asked again, and it is counted', async () => {
    const image = push('overloaded');
    let refusals = 2;
    way.fault = ({ method, path }) => {
      if (!path.includes('/manifests/') || method !== 'HEAD' || refusals === 0) return undefined;
      refusals -= 1;
      return { status: 503 };
    };
    const events = await pull([image]);
    expect(has(image)).toBe(true);
    const tried = events.filter((event) => event.type === 'target_tried');
    expect(tried.at(-1)).not.toHaveProperty('class');
    expect(events.filter(({ type }) => type === 'notice')).toEqual([]);
  });

  test('a tag that is gone is asked for once, told, and left to the node', async () => {
    way.fault = () => undefined;
    const image = `${way.host}/gone:1`;
    const events = await pull([image]);
    expect(events.filter((event) => event.type === 'target_tried')).toMatchObject([{ class: 'not_found' }]);
    expect(events.find(({ type }) => type === 'notice')).toMatchObject({
      level: 'warning',
      message: expect.stringContaining(`${image} could not be pulled (not_found)`),
    });
  });

  test('what Docker has already is not asked for', async () => {
    const image = `${way.host}/there:1`;
    docker('tag', BASE, image);
    onTestFinished(() => void docker('rmi', image));
    way.requests.length = 0;
    expect((await pull([image])).filter((event) => event.type === 'target_tried')).toEqual([]);
    expect(way.requests).toEqual([]);
  });

  test('a layer that is cut in its middle is fetched again', async () => {
    const image = push('cut');
    let cuts = 1;
    way.fault = ({ path }) => {
      if (!path.includes('/blobs/sha256:') || cuts === 0) return undefined;
      cuts -= 1;
      return { cutAfter: 100_000 };
    };
    await pull([image]);
    expect(has(image)).toBe(true);
    expect(cuts).toBe(0);
  });
});
