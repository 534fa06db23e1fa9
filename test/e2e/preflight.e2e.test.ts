import { expect, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { pathsBelow } from '../support/cli-files.ts';
import { missingForKind } from '../support/kind-ground.ts';
import { covers } from './interface.ts';

const NOBODY = '127.0.0.1:1';

test(`registries are asked through the proxy of the environment, and without it where NO_PROXY says so ${covers('HTTPS_PROXY', 'NO_PROXY', 'exit 3', '--node-image')}`, async (context) => {
  const missing = missingForKind();
  if (missing !== undefined) return context.skip(missing);
  const { createCluster, home } = makeGround();
  const args = ['--provider', 'kind', '--cluster', 'e2e-proxy', '--node-image', 'kindest/node:v1.29.99', '--yes'];
  const ask = (env: Record<string, string>) => createCluster([...args, '--only', 'preflight'], { env });
  const through = await ask({ HTTPS_PROXY: `http://${NOBODY}` });
  expect(through.exitCode, through.stderr).toBe(3);
  expect(through.stderr).toContain(NOBODY);
  const without = await ask({ HTTPS_PROXY: `http://${NOBODY}`, NO_PROXY: '*' });
  expect(without.stderr).not.toContain(NOBODY);
  expect(pathsBelow(home).filter((path) => /\/data\//.test(path))).toEqual([]);
});

test('an installation that never came up has no page for its trace', async () => {
  const { createCluster, folder } = makeGround();
  const env = { PATH: folder, DOCKER_HOST: 'unix:///nowhere/docker.sock' };
  const ended = await createCluster(['--provider', 'kind', '--cluster', 'e2e-nowhere', '--yes'], { env });
  expect(ended.exitCode, ended.stderr).toBe(3);
  expect(ended.stderr).toMatch(/trace [0-9a-f]{32}$/m);
});
