import type { Outputs } from '../../engine/record.ts';
import type { Observation, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { SEED_METRIC, type SeedPath } from '../../steps/verify/seed.ts';
import { pushSamples } from '../../telemetry/remote-write.ts';
import type { ClusterConfig, StepBody } from '../provider.ts';
import { type Server, serversOf } from './components.ts';
import { readPrograms } from './programs.ts';
import { queryValues, sendOtlpGauge } from './prometheus-api.ts';
import { findServer } from './server-process.ts';

const READ_BACK_WITHIN_MS = 15_000;
const POLL_MS = 100;
/** What Prometheus keeps by default: an older seed cannot be found any more. */
const KEPT = '15d';

/** Step `metrics_seed`: a sample sent by every way that this Prometheus has comes back from it. */
export function createMetricsSeed(config: ClusterConfig): StepBody {
  const prometheus = serversOf(config).find((server) => server.name === 'prometheus');
  if (prometheus === undefined) return { apply: async () => undefined };
  return {
    policy: { attempts: 3, timeoutMs: 60_000, retryOn: ['network_reset', 'network_timeout', 'server_error'] },

    async observe(ctx): Promise<Observation> {
      if ((await findServer(prometheus)) === undefined) return { state: 'absent', reason: 'prometheus does not run' };
      const seeds = `${SEED_METRIC}{cluster=${JSON.stringify(config.cluster)}}`;
      try {
        const found = await queryValues(prometheus.url, `present_over_time(${seeds}[${KEPT}])`, ctx.signal);
        if (found.length === 0) return { state: 'absent', reason: 'no seed is found' };
        return { state: 'present', reason: 'a seed is found' };
      } catch (thrown) {
        if (!(thrown instanceof InstallerError)) throw thrown;
        return { state: 'unknown', reason: thrown.message };
      }
    },

    async apply(ctx): Promise<Outputs> {
      const { prometheus: program } = await readPrograms(config.dataDir);
      await seed(ctx, config, prometheus, 'remote_write');
      const otlp = program?.otlp_flag !== '' && (await seed(ctx, config, prometheus, 'otlp'));
      if (!otlp) ctx.notice('this Prometheus has no OTLP receiver: metrics reach it by remote write');
      return { remote_write_url: `${prometheus.url}/api/v1/write`, query_url: prometheus.url, otlp };
    },
  };
}

/** @returns false when the server does not have this way */
async function seed(ctx: StepContext, { cluster }: ClusterConfig, server: Server, path: SeedPath): Promise<boolean> {
  const timestamp = ctx.clock.now();
  // Its name says seconds.
  const value = timestamp / 1000;
  const labels = { cluster, path };
  ctx.progress(`a sample by ${path}`, { item: path });
  if (path === 'remote_write') {
    const series = [{ labels: { __name__: SEED_METRIC, ...labels }, samples: [{ value, timestamp }] }];
    await pushSamples(`${server.url}/api/v1/write`, series, { signal: ctx.signal });
  } else {
    const gauge = { name: SEED_METRIC, attributes: labels, value, timestamp };
    if (!(await sendOtlpGauge(server.url, gauge, ctx.signal))) return false;
  }
  await readBack(ctx, server, `${SEED_METRIC}{cluster=${JSON.stringify(cluster)},path="${path}"}`, value);
  return true;
}

/** The very value that was sent, so that an older seed does not pass for it. */
async function readBack(ctx: StepContext, server: Server, selector: string, value: number): Promise<void> {
  const until = ctx.clock.now() + READ_BACK_WITHIN_MS;
  while (true) {
    const found = await queryValues(server.url, selector, ctx.signal);
    if (found.includes(value)) return;
    if (ctx.clock.now() >= until) {
      throw new InstallerError('step_failed', `${server.url} took a sample, but does not give it back: ${selector}`, {
        log: server.log,
        hint: 'its log may say why; then run the same command with --resume',
      });
    }
    await ctx.clock.sleep(POLL_MS, ctx.signal);
  }
}
