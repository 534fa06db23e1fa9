import { describe, expect, it } from 'vitest';
import { GRAFANA_SECRET, makeGrafanaSecret } from '../../../../src/providers/kind/manifests/grafana-secret.ts';
import { loadManifests } from '../../../support/manifests.ts';

describe("the Secret of Grafana's admin", () => {
  it('has a password of its own each time', () => {
    const passwords = [makeGrafanaSecret(), makeGrafanaSecret()].map((text) => JSON.parse(text).stringData.password);
    expect(passwords[0]).toMatch(/^[\w-]{24}$/);
    expect(passwords[0]).not.toBe(passwords[1]);
  });

  it('is the one that the manifest asks for', async () => {
    const secret = JSON.parse(makeGrafanaSecret({ a: 'b' }));
    const grafana = (await loadManifests(['grafana'])).find(({ kind }) => kind === 'StatefulSet');
    const refs = grafana?.spec.template.spec.containers[0].env.flatMap(
      (variable: { valueFrom?: { secretKeyRef: { name: string; key: string } } }) =>
        variable.valueFrom?.secretKeyRef ?? [],
    );
    expect(refs).toHaveLength(2);
    for (const ref of refs) {
      expect(ref.name).toBe(GRAFANA_SECRET.name);
      expect(Object.keys(secret.stringData)).toContain(ref.key);
      expect(ref.optional).toBe(true);
    }
    expect(secret.metadata).toEqual({ name: 'grafana-admin', namespace: 'observability', labels: { a: 'b' } });
  });
});
