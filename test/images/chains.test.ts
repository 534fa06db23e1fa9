import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { chainFileSchema, readChains, shippedChains } from '../../src/images/chains/chain-file.ts';
import { findFallbacks } from '../../src/images/chains/find-chain.ts';
import { imagesOf, readSources } from '../../src/images/find/read-sources.ts';
import { nameChange } from '../../src/images/fix/version-change.ts';
import { familiarReference, parseReference } from '../../src/images/reference.ts';
import { packageFolder } from '../../src/system/package-folder.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const SHIPPED = readChains('/nowhere', []);
const fallbacksOf = (image: string, chains = SHIPPED) =>
  findFallbacks(chains, parseReference(image)).map(({ reference }) => familiarReference(reference));

describe('the chains that ship with the program', () => {
  it('hold the framework’s, link by link, and each step is called by its name', () => {
    const image = parseReference('kasmweb/vs-code:1.17.0');
    const fallbacks = findFallbacks(SHIPPED, image);
    expect(
      fallbacks.map(({ reference, sameProduct }) => [
        familiarReference(reference),
        nameChange(image, reference, sameProduct),
      ]),
    ).toEqual([
      ['kasmweb/vs-code:1.17.0-rolling-daily', 'patch'],
      ['kasmweb/vs-code:1.18.0', 'minor'],
      ['kasmweb/vs-code:latest', 'major'],
      ['linuxserver/code-server:latest', 'other'],
    ]);
  });

  it('hold one for every image of the stack, and for the node', async () => {
    const images = imagesOf(await readSources([packageFolder('k8s')], {})).map(({ text }) => text);
    expect(images.length).toBeGreaterThanOrEqual(5);
    for (const image of [...images, 'kindest/node:v1.34.0']) expect(fallbacksOf(image), image).not.toEqual([]);
  });

  it('name a source each, and say that they are not verified', () => {
    for (const chain of SHIPPED) {
      expect(chain.source, chain.image).toMatch(/^https:/);
      expect(chain.unverified, chain.image).toBe(true);
    }
  });

  it('keep the tag and the digest where a link has none', () => {
    const pinned = `grafana/mimir:3.0.1@sha256:${'0'.repeat(64)}`;
    expect(fallbacksOf(pinned)).toEqual([`mirror.gcr.io/${pinned}`]);
  });

  it('are by their schema, which is published', async () => {
    const schema = await readFile(join(packageFolder('schemas'), 'image-chains.schema.json'), 'utf8');
    expect(JSON.parse(schema)).toEqual(JSON.parse(JSON.stringify(z.toJSONSchema(chainFileSchema))));
    expect(shippedChains()).toMatch(/data\/image-chains\.yaml$/);
  });
});

describe('chains of one’s own', () => {
  const chain = (image: string, fallback: string) =>
    `version: 1\nchains:\n  - image: ${image}\n    fallbacks:\n      - image: ${fallback}\n`;

  it('go first: the file given, then the one in the home; a chain for the very tag before one for all', async () => {
    const home = await makeTempFolder();
    await writeFile(join(home, 'image-chains.yaml'), chain('postgres:16.15', 'home.example/pg:16'));
    const given = join(home, 'given.yaml');
    await writeFile(given, chain('postgres', 'given.example/pg'));
    expect(fallbacksOf('postgres:16.15', readChains(home, [given]))).toEqual(['home.example/pg:16']);
    expect(fallbacksOf('postgres:15', readChains(home, [given]))).toEqual(['given.example/pg:15']);
    expect(fallbacksOf('other:1', readChains(home, [given]))).toEqual([]);
  });

  it('that are wrong are named with their line', async () => {
    const folder = await makeTempFolder();
    const file = join(folder, 'chains.yaml');
    await writeFile(file, chain('postgres', 'Not/Valid'));
    expect(() => readChains(folder, [file])).toThrow(
      expect.objectContaining({
        code: 'config',
        message: `${file}:5: chains.0.fallbacks.0.image: is not an image reference`,
      }),
    );
    await writeFile(file, 'version: 1\nchains:\n  - image: a\n    fallback: []\n');
    expect(() => readChains(folder, [file])).toThrow(/chains\.yaml:\d+: chains\.0/);
    expect(() => readChains(folder, [join(folder, 'none.yaml')])).toThrow(/none\.yaml: no such file/);
  });
});
