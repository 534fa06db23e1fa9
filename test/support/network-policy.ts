import { BlockList, isIPv6 } from 'node:net';
import type { Manifest } from './manifests.ts';

type Labels = Readonly<Record<string, string>>;

/** One end of a connection: a pod, with its namespace's labels, or an address outside the pod network. */
export type Peer = { labels: Labels; namespace: string; address: string } | { address: string };

interface Selector {
  matchLabels?: Labels;
  matchExpressions?: { key: string; operator: string; values?: string[] }[];
}

interface Rule {
  from?: PolicyPeer[];
  to?: PolicyPeer[];
  ports?: { protocol?: string; port?: number; endPort?: number }[];
}

interface PolicyPeer {
  podSelector?: Selector;
  namespaceSelector?: Selector;
  ipBlock?: { cidr: string; except?: string[] };
}

/**
 * Whether the policies let a connection through, by the rules of networking.k8s.io/v1: a pod that no policy selects for
 * a direction is open in it; else some rule must allow the other end and the port. Both ends must agree.
 */
export function isAllowed(
  policies: readonly Manifest[],
  from: Peer,
  to: Peer,
  port: number,
  protocol: 'TCP' | 'UDP' = 'TCP',
): boolean {
  return passes(policies, 'Egress', from, to, port, protocol) && passes(policies, 'Ingress', to, from, port, protocol);
}

function passes(
  policies: readonly Manifest[],
  direction: 'Ingress' | 'Egress',
  pod: Peer,
  other: Peer,
  port: number,
  protocol: string,
): boolean {
  if (!('labels' in pod)) return true;
  const applied = policies.filter((policy) => typesOf(policy).includes(direction) && selectsPod(policy, pod));
  if (applied.length === 0) return true;
  return applied.some((policy) => {
    const rules: Rule[] = (direction === 'Ingress' ? policy.spec.ingress : policy.spec.egress) ?? [];
    return rules.some((rule) => matchesPeer(policy, rule, other) && matchesPort(rule, port, protocol));
  });
}

function typesOf({ spec }: Manifest): readonly string[] {
  return spec.policyTypes ?? (spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress']);
}

function selectsPod({ metadata, spec }: Manifest, pod: Peer): boolean {
  return (
    'labels' in pod &&
    (metadata.namespace ?? 'observability') === pod.namespace &&
    matches(spec.podSelector, pod.labels)
  );
}

function matchesPeer(policy: Manifest, rule: Rule, other: Peer): boolean {
  const peers = rule.from ?? rule.to ?? [];
  if (peers.length === 0) return true;
  return peers.some(({ ipBlock, podSelector, namespaceSelector }) => {
    if (ipBlock !== undefined) {
      return inRange(ipBlock.cidr, other.address) && !ipBlock.except?.some((range) => inRange(range, other.address));
    }
    if (!('labels' in other)) return false;
    const inNamespace =
      namespaceSelector === undefined
        ? other.namespace === (policy.metadata.namespace ?? 'observability')
        : matches(namespaceSelector, { 'kubernetes.io/metadata.name': other.namespace });
    return inNamespace && matches(podSelector ?? {}, other.labels);
  });
}

function matchesPort(rule: Rule, port: number, protocol: string): boolean {
  if (rule.ports === undefined || rule.ports.length === 0) return true;
  return rule.ports.some((entry) => {
    if ((entry.protocol ?? 'TCP') !== protocol) return false;
    if (entry.port === undefined) return true;
    return port >= entry.port && port <= (entry.endPort ?? entry.port);
  });
}

function matches({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values = [] }) => {
      const value = labels[key];
      if (operator === 'Exists') return value !== undefined;
      if (operator === 'DoesNotExist') return value === undefined;
      if (operator === 'In') return value !== undefined && values.includes(value);
      return value === undefined || !values.includes(value);
    })
  );
}

function inRange(cidr: string, address: string): boolean {
  const [network = '', bits = ''] = cidr.split('/');
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const range = new BlockList();
  range.addSubnet(network, Number(bits), family);
  return isIPv6(address) === (family === 'ipv6') && range.check(address, family);
}
