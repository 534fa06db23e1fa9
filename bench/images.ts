import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pushImage, type RunningRegistry, startRegistry } from '../test/support/servers/registry.ts';
import { findProgram, runChild } from './child.ts';
import { type Candidate, interleave, median, ratiosTo, without } from './measure.ts';
import { type Bound, makeRow, missingRow, type Row } from './row.ts';
import type { Target } from './target.ts';
import { root, type Workspace } from './workspace.ts';

const IMAGES = 60;
const LAYERS = 5;
const LAYER_BYTES = 40 << 20;
const ROUNDS = 5;
const ID = 'IMAGES';
const US = 'images check';
const SKOPEO_INSPECT = 'skopeo inspect, one by one';
const MIRROR = 'images mirror';
const SKOPEO_COPY = 'skopeo copy';

/** Images at a registry of this machine: checked and copied, beside those who do the same. */
export const images: Target = {
  id: ID,
  async measure(workspace) {
    if (findProgram('docker-registry') === undefined) {
      const missing = 'docker-registry is not on the PATH';
      return [missingRow(ID, CHECK_TITLE, CHECK_BOUND, missing), missingRow(ID, MIRROR_TITLE, MIRROR_BOUND, missing)];
    }
    await runChild(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts/build.ts')]);
    return [await measureCheck(workspace), await measureMirror(workspace)];
  },
};

const CHECK_TITLE = `checking ${IMAGES} images, to the fastest loop of single questions`;
const CHECK_BOUND: Bound = { at: 'most', value: 0.5 };
const MIRROR_TITLE = `copying ${(LAYERS * LAYER_BYTES) >> 20} MiB from registry to registry, to skopeo copy`;
const MIRROR_BOUND: Bound = { at: 'most', value: 1.05 };

async function measureCheck(workspace: Workspace): Promise<Row> {
  const registry = await startRegistry();
  try {
    const references: string[] = [];
    for (let number = 0; number < IMAGES; number += 1) {
      const name = `bench/app-${number}:1`;
      await pushImage(registry.url, name, { platforms: ['linux/amd64', 'linux/arm64'] });
      references.push(`${registry.host}/${name}`);
    }
    const list = join(workspace.makeFolder(), 'images.txt');
    writeFileSync(list, references.join('\n'));
    const loop = (name: string, program: string, args: (reference: string) => string[]): Candidate[] => {
      const found = findProgram(program);
      if (found === undefined) return [];
      const run = async () => {
        let ms = 0;
        for (const reference of references) ms += (await runChild(found, args(reference), { env: workspace.env })).ms;
        return ms;
      };
      return [{ name, run }];
    };
    const peers = [
      ...loop('docker manifest inspect, one by one', 'docker', (one) => ['manifest', 'inspect', '--insecure', one]),
      ...loop(SKOPEO_INSPECT, 'skopeo', (one) => ['inspect', '--raw', '--tls-verify=false', `docker://${one}`]),
    ];
    if (peers.length === 0) return missingRow(ID, CHECK_TITLE, CHECK_BOUND, 'neither docker nor skopeo is on the PATH');
    const us = program(workspace, US, ['images', 'check', list, '--no-local', '--quiet']);
    const samples = await interleave([us, ...peers], ROUNDS);
    const fastest = peers
      .map(({ name }) => name)
      .sort((one, other) => middle(samples, one) - middle(samples, other))[0];
    const ratios = ratiosTo(fastest ?? '', samples);
    return makeRow({
      id: ID,
      title: CHECK_TITLE,
      value: ratios[US] ?? Number.NaN,
      bound: CHECK_BOUND,
      peers: without(ratios, US),
    });
  } finally {
    await registry.stop();
  }
}

async function measureMirror(workspace: Workspace): Promise<Row> {
  const skopeo = findProgram('skopeo');
  if (skopeo === undefined) return missingRow(ID, MIRROR_TITLE, MIRROR_BOUND, 'skopeo is not on the PATH');
  const source = await startRegistry();
  try {
    const layers = Array.from({ length: LAYERS }, () => randomBytes(LAYER_BYTES));
    await pushImage(source.url, 'bench/large:1', { layers });
    const from = `${source.host}/bench/large:1`;
    const list = join(workspace.makeFolder(), 'images.txt');
    writeFileSync(list, from);
    const candidates = [
      intoFreshRegistry(MIRROR, ({ host }) =>
        program(workspace, MIRROR, [
          'images',
          'mirror',
          list,
          '--to',
          host,
          '--output',
          workspace.makeFolder(),
          '--quiet',
        ]),
      ),
      intoFreshRegistry(SKOPEO_COPY, ({ host }) => ({
        name: SKOPEO_COPY,
        run: async () => {
          const insecure = ['--src-tls-verify=false', '--dest-tls-verify=false'];
          const args = ['--insecure-policy', 'copy', ...insecure, `docker://${from}`, `docker://${host}/bench/large:1`];
          return (await runChild(skopeo, args, { env: workspace.env })).ms;
        },
      })),
    ];
    const ratios = ratiosTo(SKOPEO_COPY, await interleave(candidates, ROUNDS));
    return makeRow({
      id: ID,
      title: MIRROR_TITLE,
      value: ratios[MIRROR] ?? Number.NaN,
      bound: MIRROR_BOUND,
      peers: without(ratios, MIRROR),
    });
  } finally {
    await source.stop();
  }
}

/** A registry that has nothing yet: what is there already is sent by nobody. Its start is not measured. */
function intoFreshRegistry(name: string, candidate: (target: RunningRegistry) => Candidate): Candidate {
  return {
    name,
    run: async () => {
      const target = await startRegistry();
      try {
        return await candidate(target).run();
      } finally {
        await target.stop();
      }
    },
  };
}

function program(workspace: Workspace, name: string, args: readonly string[]): Candidate {
  const entry = join(root, 'dist/cli/contextcore-install.cjs');
  const run = async () => {
    // A home of its own each time: nothing is known from the round before.
    const env = { ...workspace.env, CONTEXTCORE_HOME: workspace.makeFolder() };
    return (await runChild(process.execPath, [entry, ...args], { env })).ms;
  };
  return { name, run };
}

function middle(samples: ReadonlyMap<string, readonly number[]>, name: string): number {
  return median(samples.get(name) ?? []);
}
