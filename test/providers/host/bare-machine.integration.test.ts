import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queryValues } from '../../../src/providers/host/prometheus-api.ts';
import { listDownloads } from '../../../src/steps/tools/bin-folder.ts';
import { whichProgram } from '../../../src/steps/tools/find-program.ts';
import { createHostInstallation, type HostInstallation } from '../../support/host-installation.ts';
import { declined } from '../../support/step-context.ts';

const apt = await whichProgram('apt-get', process.env);

/** The folders of the system alone; a release site that refuses at once plays a machine that reaches only its distribution. */
const env = {
  PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: process.env.HOME,
  CONTEXTCORE_TOOLS_BASE_URL: 'http://127.0.0.1:9',
};
const installed = await whichProgram('prometheus', env);

describe.skipIf(apt === undefined || installed !== undefined)(
  'a bare Debian machine (needs apt, and no prometheus)',
  () => {
    let host: HostInstallation;
    beforeAll(async () => {
      host = await createHostInstallation({ env });
    });
    afterAll(() => host.destroy());

    it('refuses before anything is made when downloads are not agreed to', async () => {
      const careful = await createHostInstallation({ env }, declined);
      const { error } = await careful.run();
      expect(error?.code).toBe('consent_declined');
      expect(await readdir(dirname(careful.config.dataDir)).catch(() => [])).toEqual([]);
      await careful.destroy();
    });

    it('gets the programs from its distribution and ends with a system that works', async () => {
      const { result, error } = await host.run();
      expect(error).toBeUndefined();
      expect(result).toBe('success');
      const sources = (await listDownloads(host.config.binDir)).map(({ source }) => source);
      expect(sources.map((source) => source.split(' ')[1])).toEqual(['prometheus-alertmanager', 'prometheus']);
      const { url } = host.server('prometheus');
      expect(
        await queryValues(
          url,
          'contextcore_install_seed_timestamp_seconds{path="remote_write"}',
          new AbortController().signal,
        ),
      ).toHaveLength(1);
      expect((await fetch(`${host.server('alertmanager').url}/api/v2/status`)).status).toBe(200);
    });

    it('knows what its Prometheus can do from the program itself', async () => {
      const { url } = host.server('prometheus');
      const { status } = await fetch(`${url}/api/v1/otlp/v1/metrics`, { method: 'POST', body: '{}' });
      expect(host.steps.get('metrics_seed')?.outputs?.otlp).toBe(status !== 404);
    });

    it('needs neither the PATH nor the distribution again', async () => {
      host.change({ env: { ...env, PATH: '/nonexistent' } });
      const { result, actions } = await host.run();
      expect(result).toBe('success');
      expect(new Set(Object.values(actions))).toEqual(new Set(['keep']));
    });
  },
);
