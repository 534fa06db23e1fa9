import { describe, expect, it } from 'vitest';
import { parseManifests } from './manifests.ts';
import { isAllowed, type Peer } from './network-policy.ts';

const pod = (name: string, namespace = 'observability'): Peer => ({
  labels: { name },
  namespace,
  address: '10.244.0.9',
});
const policy = (spec: string) =>
  parseManifests(`{kind: NetworkPolicy, metadata: {name: p}, spec: {podSelector: {matchLabels: {name: a}}, ${spec}}}`);

describe('the evaluator of network policies', () => {
  it('leaves a pod open that no policy selects', () => {
    expect(isAllowed(policy('policyTypes: [Ingress]'), pod('x'), pod('y'), 80)).toBe(true);
  });

  it('closes a direction that is named without a rule, and only that one', () => {
    const closed = policy('policyTypes: [Ingress]');
    expect(isAllowed(closed, pod('x'), pod('a'), 80)).toBe(false);
    expect(isAllowed(closed, pod('a'), pod('x'), 80)).toBe(true);
  });

  it('asks both ends', () => {
    const out = policy('policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {name: b}}}]}]');
    expect(isAllowed(out, pod('a'), pod('b'), 80)).toBe(true);
    const shut = parseManifests(
      '{kind: NetworkPolicy, metadata: {name: s}, spec: {podSelector: {}, policyTypes: [Ingress]}}',
    );
    expect(isAllowed([...out, ...shut], pod('a'), pod('b'), 80)).toBe(false);
  });

  it('takes a pod selector alone for the own namespace', () => {
    const own = policy('ingress: [{from: [{podSelector: {}}]}]');
    expect(isAllowed(own, pod('b'), pod('a'), 80)).toBe(true);
    expect(isAllowed(own, pod('b', 'other'), pod('a'), 80)).toBe(false);
  });

  it('takes both selectors of one peer together', () => {
    const both = policy(
      'ingress: [{from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}, podSelector: {matchLabels: {name: b}}}]}]',
    );
    expect(isAllowed(both, pod('b', 'other'), pod('a'), 80)).toBe(true);
    expect(isAllowed(both, pod('c', 'other'), pod('a'), 80)).toBe(false);
    expect(isAllowed(both, pod('b'), pod('a'), 80)).toBe(false);
  });

  it('knows ranges with exceptions, port ranges and protocols', () => {
    const ranged = policy(
      'ingress: [{from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.244.0.0/16]}}], ports: [{port: 80, endPort: 90}]}]',
    );
    expect(isAllowed(ranged, { address: '172.18.0.1' }, pod('a'), 85)).toBe(true);
    expect(isAllowed(ranged, { address: 'fd00::1' }, pod('a'), 85)).toBe(false);
    expect(isAllowed(ranged, pod('b'), pod('a'), 85)).toBe(false);
    expect(isAllowed(ranged, { address: '172.18.0.1' }, pod('a'), 91)).toBe(false);
    expect(isAllowed(ranged, { address: '172.18.0.1' }, pod('a'), 85, 'UDP')).toBe(false);
  });

  it.each([
    ['In, values: [a, z]', true],
    ['NotIn, values: [a]', false],
    ['Exists', true],
    ['DoesNotExist', false],
  ])('knows the operator %s', (operator, selected) => {
    const [shut] = parseManifests(
      `{kind: NetworkPolicy, metadata: {name: p}, spec: {policyTypes: [Ingress], podSelector: {matchExpressions: [{key: name, operator: ${operator}}]}}}`,
    );
    expect(shut && isAllowed([shut], pod('x'), pod('a'), 80)).toBe(!selected);
  });
});
