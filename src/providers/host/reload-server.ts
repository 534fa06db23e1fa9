import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { Server } from './components.ts';
import { tailOf } from './log-tail.ts';
import { findServer } from './server-process.ts';

const RELOAD_WITHIN_MS = 15_000;
const POLL_MS = 100;

/** What a server says of its configuration. */
export interface Loaded {
  /** When the one in use was read, in milliseconds since the epoch. */
  at: number;
  /** False: the last attempt to read it failed, and an earlier one is in use. */
  ok: boolean;
}

/** Asks a running server for the configuration it has loaded; undefined when it does not run or does not answer. */
export async function loadedConfig(server: Server, signal: AbortSignal): Promise<Loaded | undefined> {
  if ((await findServer(server)) === undefined) return undefined;
  let metrics: string;
  try {
    const response = await fetch(`${server.url}/metrics`, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(3000)]),
    });
    metrics = await response.text();
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
  const seconds = sampleOf(metrics, `${server.name}_config_last_reload_success_timestamp_seconds`);
  const ok = sampleOf(metrics, `${server.name}_config_last_reload_successful`);
  return seconds === undefined ? undefined : { at: seconds * 1000, ok: ok !== 0 };
}

/**
 * Makes a running server read its configuration again, and waits until it has.
 *
 * @throws InstallerError `step_failed` when it refuses the configuration or does not answer
 */
export async function reloadServer(
  ctx: Pick<StepContext, 'signal' | 'clock' | 'progress'>,
  server: Server,
): Promise<void> {
  const running = await findServer(server);
  const before = await loadedConfig(server, ctx.signal);
  if (running === undefined || before === undefined) return;
  ctx.progress(`${server.name} reads its configuration again`, { item: server.name });
  const askedAt = ctx.clock.now();
  process.kill(running.pid, 'SIGHUP');
  while (ctx.clock.now() - askedAt < RELOAD_WITHIN_MS) {
    await ctx.clock.sleep(POLL_MS, ctx.signal);
    const now = await loadedConfig(server, ctx.signal);
    if (now !== undefined && now.at > before.at) return;
    if (now?.ok === false) break;
  }
  throw new InstallerError('step_failed', `${server.name} does not take over ${server.configFile}`, {
    tail: await tailOf(server.log),
    log: server.log,
    hint: 'its log says why; the configuration loaded before is still in use',
  });
}

function sampleOf(metrics: string, name: string): number | undefined {
  const text = new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)`, 'm').exec(metrics)?.[1];
  return text === undefined ? undefined : Number(text);
}
