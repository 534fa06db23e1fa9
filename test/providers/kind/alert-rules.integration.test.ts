import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Outputs } from '../../../src/engine/record.ts';
import { createAlertRules } from '../../../src/providers/kind/alert-rules.ts';
import { createKindProvider } from '../../../src/providers/kind/provider.ts';
import { MIMIR, startMimir } from '../../support/servers/backends.ts';
import { missingPrograms, type RunningServer } from '../../support/servers/start-server.ts';
import { makeStepContext } from '../../support/step-context.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { makeConfig } from './support.ts';

const missing = await missingPrograms(MIMIR);

test('is a step of installations with Mimir only, optional, behind the six', async () => {
  const config = await makeConfig(await makeTempFolder());
  const { furtherSteps } = createKindProvider();
  expect(furtherSteps?.(config)).toEqual([]);
  expect(furtherSteps?.({ ...config, components: ['mimir'] })).toMatchObject([
    { id: 'alert_rules', needs: ['services_verify'], body: { severity: 'optional' } },
  ]);
});

describe.skipIf(missing !== undefined)(
  `step alert_rules, real Mimir${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    const OTHERS = { name: 'of-the-user', interval: '1m', rules: [{ alert: 'Theirs', expr: 'vector(1) > 2' }] };
    let server: RunningServer;
    beforeAll(async () => {
      server = await startMimir();
    });
    afterAll(() => server?.stop());

    const body = async () => {
      const ports = { mimir: Number(new URL(server.url).port) };
      return createAlertRules(await makeConfig(await makeTempFolder(), { components: ['mimir'], ports })).body;
    };
    const context = (cluster: Outputs = {}) =>
      makeStepContext({ step: 'alert_rules', outputs: { cluster_create: cluster } });
    const look = async () => await (await body()).observe?.(await context());
    const rules = (path: string, init?: RequestInit) =>
      fetch(`${server.url}/prometheus/config/v1/rules/contextcore-install${path}`, init);
    const load = (group: object) =>
      rules('', { method: 'POST', headers: { 'Content-Type': 'application/yaml' }, body: JSON.stringify(group) });

    test('loads the rules; finds what was changed, removed or is left over, and mends only that', async () => {
      expect(await look()).toMatchObject({ state: 'absent' });
      const step = await body();
      const outputs = await step.apply(await context());
      expect(outputs).toEqual({ rules: expect.any(Number) });
      expect(await look()).toEqual({ state: 'present', reason: `${outputs?.rules} rules are loaded` });

      const old = { name: 'contextcore-install-old', interval: '1m', rules: OTHERS.rules };
      const edited = { name: 'contextcore-install-runs', interval: '1m', rules: OTHERS.rules };
      for (const group of [OTHERS, old, edited]) expect((await load(group)).status).toBe(202);
      expect((await rules('/contextcore-install-rates', { method: 'DELETE' })).status).toBe(202);
      expect(await look()).toMatchObject({
        state: 'unhealthy',
        details: [
          'differs: contextcore-install-runs',
          'not loaded: contextcore-install-rates',
          'no longer among the rules: contextcore-install-old',
        ],
      });
      await step.apply(await context());
      expect(await look()).toMatchObject({ state: 'present' });
      expect((await rules('/of-the-user')).status).toBe(200);
    });

    test('taken back: from a cluster that stays, and nothing of others', async () => {
      const step = await body();
      await step.apply(await context());
      await step.rollback?.(await context({ ours: true }));
      expect(await look()).toMatchObject({ state: 'present' });
      await step.rollback?.(await context({ ours: false }));
      expect(await look()).toMatchObject({ state: 'absent' });
      expect((await rules('/of-the-user')).status).toBe(200);
    });

    test('a Mimir that does not answer is unknown, and keeps nothing else from being taken back', async () => {
      await server.stop();
      expect(await look()).toMatchObject({ state: 'unknown', reason: expect.stringContaining('does not answer') });
      const ctx = await context({ ours: false });
      await (await body()).rollback?.(ctx);
      expect(ctx.events).toContainEqual(expect.objectContaining({ type: 'notice', level: 'warning' }));
    });
  },
);
