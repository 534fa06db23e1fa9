import { describe, expect, it } from 'vitest';
import { familiarReference, formatReference, parseReference } from '../../src/images/reference.ts';

const SHA = `sha256:${'ab'.repeat(32)}`;

describe('an image reference', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox:latest', 'busybox:latest'],
    ['grafana/mimir:3.1.4', 'docker.io/grafana/mimir:3.1.4', 'grafana/mimir:3.1.4'],
    ['docker.io/busybox:1', 'docker.io/library/busybox:1', 'busybox:1'],
    ['index.docker.io/grafana/mimir', 'docker.io/grafana/mimir:latest', 'grafana/mimir:latest'],
    ['quay.io/a/b__c/d-e:v1', 'quay.io/a/b__c/d-e:v1', 'quay.io/a/b__c/d-e:v1'],
    ['localhost/a:1', 'localhost/a:1', 'localhost/a:1'],
    ['localhost:5000/a', 'localhost:5000/a:latest', 'localhost:5000/a:latest'],
    ['[::1]:5000/a', '[::1]:5000/a:latest', '[::1]:5000/a:latest'],
    [`reg:5000/a@${SHA}`, `reg:5000/a@${SHA}`, `reg:5000/a@${SHA}`],
    [`reg:5000/a:1@${SHA}`, `reg:5000/a:1@${SHA}`, `reg:5000/a:1@${SHA}`],
    ['MyHost/a', 'MyHost/a:latest', 'MyHost/a:latest'],
  ])('%s is %s in full', (written, full, familiar) => {
    const parsed = parseReference(written);
    expect(formatReference(parsed)).toBe(full);
    expect(familiarReference(parsed)).toBe(familiar);
    expect(parseReference(full)).toEqual(parsed);
  });

  it.each([
    ['', 'is not a repository'],
    ['a//b', 'is not a repository'],
    ['grafana/Mimir', 'capital letters'],
    ['a:', 'is not a tag'],
    ['a:-b', 'is not a tag'],
    ['a b', 'is not a repository'],
    ['a@sha256:ab', 'digest'],
    ['reg:port/a', 'is not a host'],
    ['https://reg/a', 'is not a host'],
    [`a/${'b'.repeat(250)}`, 'longer than 255'],
  ])('"%s" is refused: %s', (written, why) => {
    expect(() => parseReference(written)).toThrow(
      expect.objectContaining({ code: 'config', message: expect.stringContaining(why) }),
    );
  });
});
