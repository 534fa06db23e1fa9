import { describe, expect, test } from 'vitest';
import { type Evidence, findMarkedId, judgeClaim } from '../../../src/providers/kind/claim.ts';
import type { NodeContainer } from '../../../src/providers/kind/docker.ts';

const node: NodeContainer = {
  id: 'c1',
  name: 'x-control-plane',
  role: 'control-plane',
  image: 'kindest/node:v1.34.4',
  createdMs: 2_000,
  running: true,
  paused: false,
  ports: [
    { nodePort: 6443, hostAddress: '127.0.0.1', hostPort: 40_000 },
    { nodePort: 30909, hostAddress: '127.0.0.1', hostPort: 9009 },
  ],
  address: '172.18.0.2',
};
const evidence: Evidence = {
  markedId: undefined,
  ownIds: ['me'],
  intendedMs: undefined,
  kubeconfigWritten: false,
  ports: { mimir: 9009 },
};
const intent = { intendedMs: 1_000 };

describe('a cluster with a mark', () => {
  test('is ours by our id, running or not, with or without a state', () => {
    expect(judgeClaim(node, { ...evidence, markedId: 'me' })).toBe('ours');
    expect(judgeClaim({ ...node, running: false }, { ...evidence, markedId: 'me' })).toBe('ours');
  });

  test('is foreign by any other id, even while an intent of ours is recorded', () => {
    expect(judgeClaim(node, { ...evidence, markedId: 'you', ...intent })).toBe('foreign');
    expect(judgeClaim(node, { ...evidence, markedId: '', ...intent })).toBe('foreign');
  });

  test('is half-made while the intent stands and kind has not written the kubeconfig', () => {
    expect(judgeClaim(node, { ...evidence, markedId: 'me', ...intent })).toBe('half_made');
    expect(judgeClaim(node, { ...evidence, markedId: 'me', ...intent, kubeconfigWritten: true })).toBe('ours');
  });
});

describe('a cluster that kind has not configured yet', () => {
  test('is our half-made one when it came after our intent, with exactly our ports', () => {
    expect(judgeClaim(node, { ...evidence, ...intent })).toBe('half_made');
  });

  test.each([
    ['no intent is recorded', evidence, node],
    ['it is older than the intent', { ...evidence, intendedMs: 3_000 }, node],
    ['it publishes other ports', { ...evidence, ...intent, ports: { mimir: 9010 } }, node],
    ['it publishes more ports', { ...evidence, ...intent, ports: { mimir: 9009, loki: 3100 } }, node],
    ['it publishes none', { ...evidence, ...intent, ports: {} }, { ...node, ports: [] }],
  ])('is foreign when %s', (_when, given, container) => {
    expect(judgeClaim(container, given)).toBe('foreign');
  });
});

test('the mark is read from the labels that kubeadm gives the node', () => {
  expect(findMarkedId('    node-labels: "contextcore.dev/install-id=0a1b-2c"\n')).toBe('0a1b-2c');
  expect(findMarkedId('    node-labels: "a=b,contextcore.dev/install-id=0a1b,z=y"\n')).toBe('0a1b');
  expect(findMarkedId('    node-labels: ""\n')).toBe('');
  expect(findMarkedId('# contextcore.dev/install-id=0a1b\n    node-labels: ""\n')).toBe('');
  // kind was killed while it wrote: the file says nothing yet, and half an id is none.
  expect(findMarkedId('')).toBe(undefined);
  expect(findMarkedId('    node-labels: "contextcore.dev/install-id=0a')).toBe(undefined);
});
