import type { ObservedState } from '../../engine/events.ts';
import type { Outputs } from '../../engine/record.ts';
import type { Observation, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ClusterConfig, StepBody } from '../provider.ts';
import { type Server, serversOf, unchosenServersOf } from './components.ts';
import { ensureServer, observeServer } from './ensure-server.ts';
import { isOwn } from './mark.ts';
import { readPrograms } from './programs.ts';
import { findServer, stopServer } from './server-process.ts';

/** What tells most of several servers. */
const WORST_FIRST: readonly ObservedState[] = ['unknown', 'unhealthy', 'absent', 'present'];

/** Step `pods_ready`: the servers run detached and are ready. A repair touches only those that are not. */
export function createPodsReady(config: ClusterConfig): StepBody {
  const servers = serversOf(config);
  const unchosen = unchosenServersOf(config);
  return {
    policy: { attempts: 2, timeoutMs: 200_000 },

    async observe(ctx): Promise<Observation> {
      const programs = await readPrograms(config.dataDir);
      const seen = await Promise.all(
        servers.map(async (server) => {
          const { state, reason } = await observeServer(server, programs[server.name], ctx.signal);
          return { state, text: `${server.name} ${reason}` };
        }),
      );
      for (const server of unchosen) {
        if ((await findServer(server)) === undefined) continue;
        seen.push({ state: 'unhealthy', text: `${server.name} runs, but is no longer chosen` });
      }
      const state = WORST_FIRST.find((one) => seen.some((server) => server.state === one)) ?? 'present';
      const told = seen.filter((server) => server.state === state).map((server) => server.text);
      return { state, reason: told.join(', '), details: seen.map((server) => server.text) };
    },

    async apply(ctx): Promise<Outputs> {
      for (const server of unchosen) await stopServer(server);
      const results = await Promise.allSettled(servers.map((server) => ensure(ctx, config, server)));
      const failed = results.find((result) => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
      return Object.assign({}, ...results.map((result) => (result.status === 'fulfilled' ? result.value : {})));
    },

    async rollback(ctx) {
      if (!(await isOwn(config))) return;
      ctx.progress(`stopping ${servers.map((server) => server.name).join(' and ')}`);
      await Promise.all(servers.map((server) => stopServer(server)));
    },
  };
}

async function ensure(ctx: StepContext, config: ClusterConfig, server: Server): Promise<Outputs> {
  const program = (await readPrograms(config.dataDir))[server.name];
  if (program === undefined) {
    throw new InstallerError('step_failed', `no program is known for ${server.name}`, {
      hint: 'run the same command with --repair',
    });
  }
  const { pid, startTicks } = await ensureServer(ctx, server, program, config.env);
  return {
    [`${server.name}_pid`]: pid,
    [`${server.name}_start_ticks`]: startTicks,
    [`${server.name}_log`]: server.log,
  };
}
