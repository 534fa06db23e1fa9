import { describe, expect, it } from 'vitest';
import { nameOf, parseImage } from '../../../../src/providers/kind/manifests/image-reference.ts';

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
});
