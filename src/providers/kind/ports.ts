import type { PortSpec } from '../provider.ts';

/** A port on the host, with the node port of the Service that it leads to (k8s/<component>/service.yaml). */
export interface KindPort extends PortSpec {
  nodePort: number;
}

export const KIND_PORTS: readonly KindPort[] = [
  { name: 'grafana', component: 'grafana', defaultPort: 3000, nodePort: 30300 },
  { name: 'mimir', component: 'mimir', defaultPort: 9009, nodePort: 30909 },
  { name: 'loki', component: 'loki', defaultPort: 3100, nodePort: 30310 },
  { name: 'tempo', component: 'tempo', defaultPort: 3200, nodePort: 30320 },
  { name: 'otlp-grpc', component: 'otel-collector', defaultPort: 4317, nodePort: 30417 },
  { name: 'otlp-http', component: 'otel-collector', defaultPort: 4318, nodePort: 30418 },
];

/** The chosen ports with the number each has on the host. */
export function chosenPorts(ports: Readonly<Record<string, number>>): readonly (KindPort & { hostPort: number })[] {
  return KIND_PORTS.flatMap((port) => {
    const hostPort = ports[port.name];
    return hostPort === undefined ? [] : [{ ...port, hostPort }];
  });
}
