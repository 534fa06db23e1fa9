import { expect, test } from 'vitest';
import { normalizeReference } from '../../../src/providers/kind/load-images.ts';

test.each([
  ['busybox', 'docker.io/library/busybox:latest'],
  ['grafana/loki:3.7.8', 'docker.io/grafana/loki:3.7.8'],
  ['docker.io/grafana/loki:3.7.8', 'docker.io/grafana/loki:3.7.8'],
  ['registry.example:5000/hub/loki', 'registry.example:5000/hub/loki:latest'],
  ['localhost/loki:1', 'localhost/loki:1'],
])('%s is %s to containerd', (reference, full) => {
  expect(normalizeReference(reference)).toBe(full);
});
