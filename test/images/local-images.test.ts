import { expect, it } from 'vitest';
import { readInspected } from '../../src/images/local-images.ts';
import { parsePlatform } from '../../src/images/platform.ts';
import { parseReference } from '../../src/images/reference.ts';

const AMD64 = parsePlatform('linux/amd64');
const DIGEST = `sha256:${'a'.repeat(64)}`;
/** What matters of `docker image inspect`: a pulled image, one made here, one without a name. */
const INSPECTED = JSON.stringify([
  {
    Id: `sha256:${'1'.repeat(64)}`,
    RepoTags: ['nginx:1.27', 'reg.example:5000/web:1'],
    RepoDigests: [`nginx@${DIGEST}`],
    Architecture: 'amd64',
    Os: 'linux',
  },
  { RepoTags: ['us/made:latest'], RepoDigests: [], Architecture: 'arm64', Variant: 'v8', Os: 'linux' },
  { RepoTags: ['<none>:<none>'], RepoDigests: null, Architecture: 'amd64', Os: 'linux' },
]);

it('an image is found by its tag, in full or not, and by its digest', () => {
  const find = readInspected(INSPECTED);
  const found = { platform: AMD64, digest: DIGEST };
  for (const name of ['nginx:1.27', 'docker.io/library/nginx:1.27', `nginx@${DIGEST}`, `nginx:9@${DIGEST}`]) {
    expect(find(parseReference(name), AMD64), name).toEqual(found);
  }
  expect(find(parseReference('reg.example:5000/web:1'), AMD64)).toEqual({ platform: AMD64 });
  expect(find(parseReference('us/made'), parsePlatform('linux/arm64'))).toMatchObject({ platform: { variant: 'v8' } });
});

it('an image of another tag, digest, registry or platform is none', () => {
  const find = readInspected(INSPECTED);
  for (const name of ['nginx', 'quay.io/library/nginx:1.27', `nginx@sha256:${'b'.repeat(64)}`]) {
    expect(find(parseReference(name), AMD64), name).toBeUndefined();
  }
  expect(find(parseReference('nginx:1.27'), parsePlatform('linux/arm64'))).toBeUndefined();
});

it('an answer that makes no sense holds no image', () => {
  for (const text of ['', '[', '[]', '[{"Os":1}]', 'null']) {
    expect(readInspected(text)(parseReference('nginx:1.27'), AMD64)).toBeUndefined();
  }
});
