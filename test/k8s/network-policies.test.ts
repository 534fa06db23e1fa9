import { beforeAll, describe, expect, it } from 'vitest';
import type { Component } from '../../src/providers/provider.ts';
import { KIND_COMPONENTS, loadManifests, type Manifest, workloadsOf } from '../support/manifests.ts';
import { isAllowed, type Peer } from '../support/network-policy.ts';

let policies: readonly Manifest[];
let pods: Record<string, Peer>;

const OUTSIDE: Record<string, Peer> = {
  // What a request through a published node port comes from: the gateway of kind's Docker network.
  host: { address: '172.18.0.1' },
  hostV6: { address: 'fc00:f853:ccd:e793::1' },
  kubelet: { address: '172.18.0.2' },
  internet: { address: '203.0.113.7' },
  dns: { labels: { 'k8s-app': 'kube-dns' }, namespace: 'kube-system', address: '10.244.0.2' },
  apiServer: { address: '172.18.0.2' },
  otherSystem: { labels: { 'k8s-app': 'metrics-server' }, namespace: 'kube-system', address: '10.244.0.3' },
  app: { labels: { app: 'shop' }, namespace: 'default', address: '10.244.0.40' },
  stranger: { labels: { app: 'stranger' }, namespace: 'observability', address: '10.244.0.41' },
};

async function load(components: readonly Component[]): Promise<void> {
  const manifests = await loadManifests(components);
  policies = manifests.filter(({ kind }) => kind === 'NetworkPolicy');
  pods = { ...OUTSIDE };
  for (const [index, { metadata, spec }] of workloadsOf(manifests).entries()) {
    const { labels } = spec.template.metadata;
    pods[metadata.name] = { labels, namespace: 'observability', address: `10.244.0.${10 + index}` };
  }
}

function reaches(flow: string): boolean {
  const [, from = '', to = '', port = '', protocol] = /^(\S+) -> (\S+):(\d+)(?:\/(udp))?$/.exec(flow) ?? [];
  const [source, target] = [pods[from], pods[to]];
  if (source === undefined || target === undefined) throw new Error(`no such end: ${flow}`);
  return isAllowed(policies, source, target, Number(port), protocol === 'udp' ? 'UDP' : 'TCP');
}

const REQUIRED = [
  // through the node ports
  ...['host', 'hostV6'].flatMap((host) => [
    `${host} -> grafana:3000`,
    `${host} -> mimir:9009`,
    `${host} -> loki:3100`,
    `${host} -> tempo:3200`,
    `${host} -> otel-collector:4317`,
    `${host} -> otel-collector:4318`,
  ]),
  // probes
  'kubelet -> grafana:3000',
  'kubelet -> mimir:9009',
  'kubelet -> loki:3100',
  'kubelet -> tempo:3200',
  'kubelet -> otel-collector:13133',
  // names
  ...KIND_COMPONENTS.flatMap((name) => [`${name} -> dns:53/udp`, `${name} -> dns:53`]),
  // data
  'otel-collector -> mimir:9009',
  'otel-collector -> loki:3100',
  'otel-collector -> tempo:4318',
  'grafana -> mimir:9009',
  'grafana -> loki:3100',
  'grafana -> tempo:3200',
  'app -> otel-collector:4317',
  'app -> otel-collector:4318',
];

const FORBIDDEN = [
  ...KIND_COMPONENTS.flatMap((name) => [
    `${name} -> internet:443`,
    `${name} -> apiServer:6443`,
    `${name} -> app:80`,
    `${name} -> otherSystem:53/udp`,
    `${name} -> dns:9153`,
  ]),
  ...['app', 'stranger'].flatMap((name) => [
    `${name} -> mimir:9009`,
    `${name} -> loki:3100`,
    `${name} -> tempo:3200`,
    `${name} -> tempo:4318`,
    `${name} -> grafana:3000`,
    `${name} -> otel-collector:13133`,
  ]),
  // inner ports stay inside
  ...['host', 'app', 'grafana', 'otel-collector'].flatMap((name) => [
    `${name} -> mimir:9095`,
    `${name} -> mimir:7946`,
    `${name} -> loki:9095`,
    `${name} -> tempo:9095`,
    `${name} -> tempo:4317`,
  ]),
  'host -> tempo:4318',
  'grafana -> tempo:4318',
  'otel-collector -> tempo:3200',
  'otel-collector -> grafana:3000',
  'mimir -> loki:3100',
  'mimir -> grafana:3000',
  'loki -> mimir:9009',
  'tempo -> mimir:9009',
  'mimir -> otel-collector:4318',
  'stranger -> internet:443',
];

describe('network policies of the whole stack', () => {
  beforeAll(() => load(KIND_COMPONENTS));
  it.each(REQUIRED)('allow %s', (flow) => expect(reaches(flow)).toBe(true));
  it.each(FORBIDDEN)('forbid %s', (flow) => expect(reaches(flow)).toBe(false));
});

describe('network policies without tempo and grafana', () => {
  beforeAll(() => load(['mimir', 'loki', 'otel-collector']));
  it('still let the collector deliver', () => {
    expect(['otel-collector -> mimir:9009', 'otel-collector -> loki:3100'].map(reaches)).toEqual([true, true]);
  });
  it('name no pod that is not there', () => {
    const names = policies.map(({ metadata }) => metadata.name).filter((name) => /tempo|grafana/.test(name));
    expect(names).toEqual([]);
  });
});
