import { describe, expect, it } from 'vitest';
import { mirroredName, nameOf, parseImage } from '../../../../src/providers/kind/manifests/image-reference.ts';

describe('an image reference', () => {
  it.each([
    ['busybox', { path: 'busybox' }],
    ['grafana/mimir:3.1.4', { path: 'grafana/mimir', tag: '3.1.4' }],
    ['docker.io/grafana/mimir:3.1.4', { path: 'grafana/mimir', tag: '3.1.4' }],
    ['quay.io/a/b/c', { registry: 'quay.io', path: 'a/b/c' }],
    ['localhost/a:1', { registry: 'localhost', path: 'a', tag: '1' }],
    ['reg:5000/a', { registry: 'reg:5000', path: 'a' }],
    ['reg:5000/a:1@sha256:ab', { registry: 'reg:5000', path: 'a', tag: '1', digest: 'sha256:ab' }],
  ])('%s is taken apart', (reference, parts) => {
    expect(parseImage(reference)).toEqual(parts);
  });

  it.each([
    ['grafana/mimir:3.1.4', 'grafana/mimir'],
    ['docker.io/grafana/mimir:3.1.4', 'docker.io/grafana/mimir'],
    ['reg:5000/a:1@sha256:ab', 'reg:5000/a'],
  ])('%s has the name %s, as it was written', (reference, name) => {
    expect(nameOf(reference)).toBe(name);
  });

  it.each([
    ['grafana/mimir:3.1.4', 'reg:5000', 'reg:5000/grafana/mimir'],
    ['grafana/mimir', 'reg.example/hub/', 'reg.example/hub/grafana/mimir'],
    ['quay.io/a/b:1', 'reg.example', 'reg.example/a/b'],
    ['busybox:1', 'reg.example', 'reg.example/library/busybox'],
  ])('%s is found in the mirror %s as %s', (reference, prefix, name) => {
    expect(mirroredName(reference, prefix)).toBe(name);
  });

  it.each(['https://reg.example', 'reg example', '', '/x', 'reg.example:port'])('"%s" is no mirror', (prefix) => {
    expect(() => mirroredName('a', prefix)).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('--image-mirror') }),
    );
  });
});
