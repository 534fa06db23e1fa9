import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseChallenges } from '../../src/images/registry/challenge.ts';
import { dockerCredentials } from '../../src/images/registry/credentials.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const encoded = (text: string) => Buffer.from(text).toString('base64');

async function homeWith(config: object): Promise<string> {
  const folder = await makeTempFolder();
  await mkdir(join(folder, '.docker'));
  await writeFile(join(folder, '.docker/config.json'), JSON.stringify(config));
  return folder;
}

it('credentials are found as docker login has kept them', async () => {
  const HOME = await homeWith({
    auths: {
      'https://index.docker.io/v1/': { auth: encoded('hub:pass:word') },
      'reg.example:5000': { username: 'me', password: 'secret' },
      'token.example': { identitytoken: 'id' },
      'empty.example': {},
    },
  });
  const find = dockerCredentials({ HOME });
  expect(await find('docker.io')).toEqual({ username: 'hub', password: 'pass:word' });
  expect(await find('reg.example:5000')).toEqual({ username: 'me', password: 'secret' });
  expect(await find('token.example')).toEqual({ identityToken: 'id' });
  expect(await find('empty.example')).toBeUndefined();
  expect(await find('other.example')).toBeUndefined();
});

it('credentials in the environment come first, and a folder of its own is read', async () => {
  const home = await homeWith({
    auths: { 'a.example': { auth: encoded('file:1') }, 'b.example': { auth: encoded('b:2') } },
  });
  const DOCKER_AUTH_CONFIG = JSON.stringify({ auths: { 'a.example': { auth: encoded('env:1') } } });
  const find = dockerCredentials({ DOCKER_CONFIG: join(home, '.docker'), DOCKER_AUTH_CONFIG });
  expect(await find('a.example')).toEqual({ username: 'env', password: '1' });
  expect(await find('b.example')).toEqual({ username: 'b', password: '2' });
});

it('credential helpers are asked; one that knows nothing or is missing is passed over', async () => {
  const HOME = await homeWith({
    auths: { 'gone.example': { auth: encoded('kept:1') } },
    credHelpers: { 'help.example': 'test', 'gone.example': 'not-there' },
  });
  const helper =
    '#!/bin/sh\nread -r server\n[ "$server" = help.example ] || exit 1\necho \'{"Username":"u","Secret":"s"}\'\n';
  await writeFile(join(HOME, 'docker-credential-test'), helper, { mode: 0o755 });
  const find = dockerCredentials({ HOME, PATH: `${HOME}:/usr/bin:/bin` });
  expect(await find('help.example')).toEqual({ username: 'u', password: 's' });
  expect(await find('gone.example')).toEqual({ username: 'kept', password: '1' });
});

it('a configuration that is broken is named, its content is not', async () => {
  const find = dockerCredentials({ HOME: '/nowhere', DOCKER_AUTH_CONFIG: '{"auths": {"a": {"auth": "c2VjcmV0"}' });
  await expect(find('a')).rejects.toMatchObject({
    code: 'config',
    message: '$DOCKER_AUTH_CONFIG is no Docker configuration: not JSON',
  });
});

it.each([
  ['Basic realm="x"', [{ scheme: 'basic', parameters: { realm: 'x' } }]],
  [
    'Bearer realm="https://a/t",service="s",scope="repository:a/b:pull,push"',
    [{ scheme: 'bearer', parameters: { realm: 'https://a/t', service: 's', scope: 'repository:a/b:pull,push' } }],
  ],
  [
    'Negotiate, Basic realm="a \\"b\\"", charset=UTF-8',
    [
      { scheme: 'negotiate', parameters: {} },
      { scheme: 'basic', parameters: { realm: 'a "b"', charset: 'UTF-8' } },
    ],
  ],
  ['', []],
  ['"<>"', []],
])('the challenge %s is read', (header, challenges) => {
  expect(parseChallenges(header)).toEqual(challenges);
});
