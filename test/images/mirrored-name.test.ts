import { describe, expect, it } from 'vitest';
import { mirroredName } from '../../src/images/mirrored-name.ts';

describe('a mirrored image', () => {
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
