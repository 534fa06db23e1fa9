import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readChains } from '../../src/images/chains/chain-file.ts';
import { findFallbacks } from '../../src/images/chains/find-chain.ts';
import { checkImages } from '../../src/images/check-images.ts';
import { planFixes } from '../../src/images/fix/plan-fixes.ts';
import { inspectImage } from '../../src/images/inspect-image.ts';
import { parsePlatform } from '../../src/images/platform.ts';
import { familiarReference, type ImageReference, parseReference } from '../../src/images/reference.ts';
import type { RegistryApi } from '../../src/images/registry/api.ts';
import { pushImage, REGISTRY, type RunningRegistry, removeImage, startRegistry } from '../support/servers/registry.ts';
import { missingPrograms } from '../support/servers/start-server.ts';
import { makeGuard, openTestApi } from './support.ts';

const missing = await missingPrograms(REGISTRY);
const AMD64 = parsePlatform('linux/amd64');
const CHAINS = readChains('/nowhere', []);
/** A tag for the chains that are for every tag. */
const SOME_TAG = '9.9.9';

/** All registries of the world are folders of one here. */
const nameHere = ({ registry, repository }: ImageReference) => `${registry}/${repository}`;
const pushedAs = (image: ImageReference) => `${nameHere(image)}:${image.tag}`;

describe.skipIf(missing !== undefined)(`every chain, link by link${missing ? ` (${missing})` : ''}`, () => {
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await startRegistry();
  });
  afterAll(() => registry?.stop());

  const worldApi = (): RegistryApi => {
    const api = openTestApi();
    return {
      ...api,
      request: (repository, path, request) =>
        api.request({ registry: registry.host, repository: nameHere(repository) }, path, request),
    };
  };

  it.each(CHAINS.map(({ image }) => image))('%s', async (written) => {
    const name = written.slice(written.lastIndexOf('/') + 1).includes(':') ? written : `${written}:${SOME_TAG}`;
    const image = parseReference(name);
    const links = findFallbacks(CHAINS, image).map(({ reference }) => reference);
    for (const one of [image, ...links]) await pushImage(registry.url, pushedAs(one));
    onTestFinished(async () => {
      for (const one of links) await removeImage(registry.url, pushedAs(one)).catch(() => undefined);
    });
    const api = worldApi();
    const plan = async () => {
      const { guard } = makeGuard();
      const place = { text: name, file: 'compose.yaml', line: 1, by: '', range: [0, name.length] as const };
      const checked = await checkImages([place], { api, guard, env: {}, platform: AMD64, local: false });
      return planFixes(checked, CHAINS, (one, platform) => inspectImage(api, one, platform));
    };
    expect(await plan()).toEqual({ fixes: [], unfixed: [] });
    let gone = image;
    for (const link of links) {
      await removeImage(registry.url, pushedAs(gone));
      const { fixes, unfixed } = await plan();
      expect(unfixed).toEqual([]);
      expect(fixes.map(({ to }) => to)).toEqual([familiarReference(link)]);
      gone = link;
    }
    await removeImage(registry.url, pushedAs(gone));
    const { fixes, unfixed } = await plan();
    expect(fixes).toEqual([]);
    expect(unfixed).toMatchObject([{ why: expect.stringContaining('none of its chain can be had') }]);
  });
});
