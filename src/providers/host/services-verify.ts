import type { Observation, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ClusterConfig, StepBody } from '../provider.ts';
import { type Server, serversOf } from './components.ts';
import { foreignHolder, getStatus, probeServer } from './probe-server.ts';
import { findServer } from './server-process.ts';

const WITHIN_MS = 10_000;
const POLL_MS = 200;

/** Step `services_verify`: each server answers through its own port, and it is ours that answers. */
export function createServicesVerify(config: ClusterConfig): StepBody {
  const servers = serversOf(config);
  return {
    policy: { attempts: 1, timeoutMs: 60_000 },

    async observe(ctx): Promise<Observation> {
      const faults = await findFaults(servers, ctx.signal);
      const answers = servers.map(({ name, url }) => `${name} ${url}`).join(', ');
      if (faults.length === 0) return { state: 'present', reason: `${answers} answer` };
      return { state: 'unhealthy', reason: faults[0] ?? '', details: faults };
    },

    async apply(ctx) {
      await awaitHealth(ctx, servers);
      return undefined;
    },
  };
}

async function awaitHealth(ctx: StepContext, servers: readonly Server[]): Promise<void> {
  const until = ctx.clock.now() + WITHIN_MS;
  let faults = await findFaults(servers, ctx.signal);
  while (faults.length > 0 && ctx.clock.now() < until) {
    ctx.progress(faults[0] ?? '');
    await ctx.clock.sleep(POLL_MS, ctx.signal);
    faults = await findFaults(servers, ctx.signal);
  }
  if (faults.length === 0) return;
  throw new InstallerError('step_failed', faults[0] ?? '', {
    lines: faults.slice(1),
    hint: 'create-cluster --repair restarts what does not run',
  });
}

async function findFaults(servers: readonly Server[], signal: AbortSignal): Promise<readonly string[]> {
  const faults = await Promise.all(servers.map((server) => faultOf(server, signal)));
  return faults.filter((fault) => fault !== undefined);
}

/** What is wrong with a server as seen from its port; undefined when nothing is. */
async function faultOf(server: Server, signal: AbortSignal): Promise<string | undefined> {
  const { name, port, url } = server;
  const running = await findServer(server);
  const foreign = foreignHolder(port, running?.pgid);
  if (foreign !== undefined) return `${name}: port ${port} is held by ${foreign}`;
  const health = await probeServer(server, signal);
  if (health === 'refused') {
    return running === undefined
      ? `${name} does not run; nothing listens on port ${port}`
      : `${name} runs (pid ${running.pid}), but does not listen on port ${port}`;
  }
  if (health === 'silent') return `${name} does not answer on ${url}`;
  if (health === 'starting') return `${name} is not ready: ${url}/-/ready answers 503`;
  try {
    const status = await getStatus(`${url}/-/healthy`, signal);
    return status === 200 ? undefined : `${name} is not healthy: ${url}/-/healthy answers ${status}`;
  } catch {
    signal.throwIfAborted();
    return `${name} does not answer on ${url}/-/healthy`;
  }
}
