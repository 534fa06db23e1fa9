import { rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { digestOf } from '../../engine/fingerprint.ts';
import type { Inputs, Outputs } from '../../engine/record.ts';
import type { Observation } from '../../engine/step.ts';
import type { ClusterConfig, StepBody } from '../provider.ts';
import { serversOf } from './components.ts';
import { type ConfigFile, differenceOf, renderConfigs, writeConfig, writtenAt } from './config-files.ts';
import { isOwn } from './mark.ts';
import { loadedConfig, reloadServer } from './reload-server.ts';

/** Step `manifests_apply`: the servers' configuration files; a server that runs reads again what was changed. */
export function createManifestsApply(config: ClusterConfig): StepBody {
  const servers = serversOf(config);
  const render = () => renderConfigs(config, servers);
  return {
    policy: { attempts: 1, timeoutMs: 60_000 },

    async inputs(): Promise<Inputs> {
      const files = await render();
      return Object.fromEntries(files.map(({ path, text }) => [basename(path), digestOf(text, 16)]));
    },

    async observe(ctx): Promise<Observation> {
      const files = await render();
      const found = await Promise.all(files.map((file) => differenceOf(file)));
      if (found.includes('missing')) return { state: 'absent', reason: 'the configuration is not written yet' };
      const details: string[] = [];
      for (const [index, file] of files.entries()) {
        if (found[index] === 'edited') details.push(`${file.path} is not as it was written`);
        else if (await isUnread(file, ctx.signal))
          details.push(`${file.server.name} has not read its configuration yet`);
      }
      if (details.length > 0) return { state: 'unhealthy', reason: details[0] ?? '', details };
      return { state: 'present', reason: 'as it was written' };
    },

    async apply(ctx): Promise<Outputs> {
      const outputs: Outputs = {};
      const files = await render();
      for (const file of files) {
        const copy = await writeConfig(file, new Date(ctx.clock.now()));
        if (copy !== undefined) ctx.notice(`${file.path} was not as it should be; what it said is kept in ${copy}`);
        if (file.path === file.server.configFile) outputs[`${file.server.name}_config`] = file.path;
      }
      // All are written by now: one reading takes them all over.
      for (const file of files) if (await isUnread(file, ctx.signal)) await reloadServer(ctx, file.server);
      return outputs;
    },

    async rollback() {
      if (!(await isOwn(config))) return;
      for (const server of servers) await rm(server.configFile, { force: true });
    },
  };
}

/** Whether the server runs with an older configuration, as after a crash between writing and reloading. */
async function isUnread(file: ConfigFile, signal: AbortSignal): Promise<boolean> {
  const loaded = await loadedConfig(file.server, signal);
  return loaded !== undefined && (!loaded.ok || loaded.at < (await writtenAt(file)));
}
