import { describe, expect, it } from 'vitest';
import { parseImagesLock, readImagesLock } from '../../../../src/providers/kind/manifests/images-lock.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;

describe('images.lock', () => {
  it('holds digests by name and tag, and comments', () => {
    const digests = parseImagesLock(`# why\n\n a/b:1   ${DIGEST}\nreg:5000/c:v2.0 ${DIGEST}\r\n`, 'images.lock');
    expect([...digests]).toEqual([
      ['a/b:1', DIGEST],
      ['reg:5000/c:v2.0', DIGEST],
    ]);
  });

  it.each(['a/b:1', `a/b ${DIGEST}`, 'a/b:1 sha256:12', `a/b:1 ${DIGEST.toUpperCase()}`, `a/b:1 ${DIGEST} more`])(
    'refuses the line "%s" and names it',
    (line) => {
      expect(() => parseImagesLock(`# first\n${line}`, 'k8s/images.lock')).toThrow(/^k8s\/images\.lock, line 2: /);
    },
  );

  it('refuses an image that is named twice', () => {
    expect(() => parseImagesLock(`a:1 ${DIGEST}\na:1 ${DIGEST}`, 'f')).toThrow('f, line 2: "a:1" has a digest already');
  });

  it('may be missing', async () => {
    expect((await readImagesLock(await makeTempFolder())).size).toBe(0);
  });
});
