import { expect, test } from 'vitest';
import { findDrifted, keyOf, titleOf } from '../../../src/providers/kind/diff.ts';

const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mimir', namespace: 'observability' } };
const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'mimir', namespace: 'observability' },
};
const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'observability' } };

/** As `kubectl diff --server-side` prints it. */
const OUTPUT = `diff -u -N /tmp/LIVE-2906/apps.v1.Deployment.observability.mimir /tmp/MERGED-1199/apps.v1.Deployment.observability.mimir
--- /tmp/LIVE-2906/apps.v1.Deployment.observability.mimir	2026-11-21 08:09:25.201
+++ /tmp/MERGED-1199/apps.v1.Deployment.observability.mimir	2026-11-21 08:09:25.201
@@ -4,1 +4,1 @@
-  replicas: 0
+  replicas: 1
diff -u -N /tmp/LIVE-2906/v1.Namespace..observability /tmp/MERGED-1199/v1.Namespace..observability
--- /tmp/LIVE-2906/v1.Namespace..observability	2026-11-21 08:09:25.201
+++ /tmp/MERGED-1199/v1.Namespace..observability	2026-11-21 08:09:25.201
`;

test('names the objects whose files differ, and no other of the same name', () => {
  expect(findDrifted(OUTPUT, [configMap, deployment, namespace])).toEqual([deployment, namespace]);
  expect(findDrifted('', [configMap])).toEqual([]);
});

test('a line of content that looks like a file name is none', () => {
  expect(findDrifted('++ /tmp/MERGED-1/v1.ConfigMap.observability.mimir\n', [configMap])).toEqual([]);
});

test('objects are told apart by group, kind, namespace and name', () => {
  expect(keyOf(deployment)).not.toBe(keyOf(configMap));
  expect(keyOf({ ...deployment, apiVersion: 'apps/v2' })).toBe(keyOf(deployment));
  expect(titleOf(deployment)).toBe('Deployment observability/mimir');
  expect(titleOf(namespace)).toBe('Namespace observability');
});
