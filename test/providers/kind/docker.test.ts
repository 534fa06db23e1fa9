import { expect, test } from 'vitest';
import { inspectNodes } from '../../../src/providers/kind/docker.ts';
import { findOwner, queryOutside } from '../../../src/providers/kind/ownership.ts';
import type { ClusterConfig } from '../../../src/providers/provider.ts';

const config: ClusterConfig = {
  cluster: 'c',
  installId: 'me',
  home: '/nowhere',
  dataDir: '/nowhere/data',
  binDir: '/nowhere/bin',
  components: [],
  ports: {},
  preflight: { diskGb: 1, memoryGb: 1, cpus: 1 },
  manifestsDir: '/nowhere/k8s',
  yes: false,
  env: { PATH: process.env.PATH, DOCKER_HOST: 'unix:///nowhere/docker.sock' },
};

test('an engine that does not answer is no absent cluster: exit 3, with the command that starts it', async () => {
  const error = await inspectNodes(queryOutside(config), config, 'c').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'engine_unreachable', exitCode: 3 });
  expect((error as { details: { hint: string } }).details.hint).toMatch(/docker/i);
});

test('without the program the engine cannot be reached either', async () => {
  const bare = { ...config, env: { PATH: '/nowhere' } };
  await expect(inspectNodes(queryOutside(bare), bare, 'c')).rejects.toMatchObject({ code: 'engine_unreachable' });
});

test('whose a cluster is cannot be told then', async () => {
  expect(await findOwner(config)).toMatchObject({ owner: 'unknown' });
});
