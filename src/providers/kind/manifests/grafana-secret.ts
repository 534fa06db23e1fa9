import { randomBytes } from 'node:crypto';

/** As the Grafana manifest asks for it. */
export const GRAFANA_SECRET = { name: 'grafana-admin', namespace: 'observability', user: 'admin' } as const;

/**
 * The Secret with Grafana's admin password, as JSON for the standard input of `kubectl create`. To be created once and
 * never replaced: Grafana takes the password over into its database at its first start only.
 *
 * @param password by default 24 random characters
 */
export function makeGrafanaSecret(
  labels: Readonly<Record<string, string>> = {},
  password: string = randomBytes(18).toString('base64url'),
): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: GRAFANA_SECRET.name, namespace: GRAFANA_SECRET.namespace, labels },
    type: 'Opaque',
    stringData: { username: GRAFANA_SECRET.user, password },
  });
}
