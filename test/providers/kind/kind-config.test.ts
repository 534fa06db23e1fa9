import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderKindConfig } from '../../../src/providers/kind/kind-config.ts';
import { newestNodeImage } from '../../../src/providers/kind/node-image.ts';
import { KIND_PORTS } from '../../../src/providers/kind/ports.ts';

test('publishes the chosen ports alone, on the loopback address alone, and marks the node', () => {
  const config = parse(
    renderKindConfig({ cluster: 'c', installId: 'id-1', ports: { mimir: 9010, 'otlp-grpc': 4317 } }),
  );
  expect(config).toEqual({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name: 'c',
    nodes: [
      {
        role: 'control-plane',
        labels: { 'contextcore.dev/install-id': 'id-1' },
        extraPortMappings: [
          { containerPort: 30909, hostPort: 9010, listenAddress: '127.0.0.1', protocol: 'TCP' },
          { containerPort: 30417, hostPort: 4317, listenAddress: '127.0.0.1', protocol: 'TCP' },
        ],
      },
    ],
  });
});

test('the default ports are those of the interface', () => {
  expect(KIND_PORTS.map(({ name, defaultPort }) => `${name} ${defaultPort}`)).toEqual([
    'grafana 3000',
    'mimir 9009',
    'loki 3100',
    'tempo 3200',
    'otlp-grpc 4317',
    'otlp-http 4318',
  ]);
});

test('of local node images the newest release is taken, none that is too old or not a release', () => {
  expect(newestNodeImage(['kindest/node:v1.31.9', 'kindest/node:v1.34.4', 'kindest/node:v1.34.10', ''])).toBe(
    'kindest/node:v1.34.10',
  );
  expect(newestNodeImage(['kindest/node:v1.19.1', 'kindest/node:latest', 'kindest/node:<none>'])).toBeUndefined();
});
