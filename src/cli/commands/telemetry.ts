import { existsSync } from 'node:fs';
import { DEFAULT_CLUSTER } from '../../engine/plan.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { CREATE_CLUSTER } from '../../plans/create-cluster/plan.ts';
import { acquireLock } from '../../state/lock.ts';
import { type StatePaths, statePaths } from '../../state/paths.ts';
import { readState } from '../../state/read-state.ts';
import { systemClock } from '../../system/clock.ts';
import type { KindReport } from '../../telemetry/delivery/courier.ts';
import { otlpTarget, sampleTarget, type Target } from '../../telemetry/delivery/find-backends.ts';
import { type FlushReport, flushSpool } from '../../telemetry/flush.ts';
import { createSpool, type QueueStats, SPOOL_KINDS, type SpoolKind } from '../../telemetry/spool/spool.ts';
import { parseDuration } from '../../ui/duration.ts';
import { collectSecrets } from '../collect-secrets.ts';
import { readTelemetryWishes } from '../options.ts';
import type { Invocation } from '../program.ts';
import { installedBackends, spoolFolder, telemetrySecrets, telemetrySettings } from '../run-telemetry.ts';
import type { Terminal } from '../terminal.ts';
import { readVersion } from '../version.ts';

type KindStats = QueueStats & { oldestAt: number | undefined };

const FLUSH_MS = 60_000;
/** What waits, in the user's words. */
const TITLES: Readonly<Record<SpoolKind, string>> = {
  samples: 'samples',
  'otlp-traces': 'spans',
  'otlp-logs': 'log lines',
  'otlp-metrics': 'measurements',
};

/** `telemetry status [PLAN]`: what waits, and what became of the rest; from files alone. @returns exit code */
export async function telemetryStatus(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { paths, targets } = readPlace(invocation, terminal);
  const spool = createSpool({ folder: spoolFolder(paths), clock: systemClock });
  const kinds = SPOOL_KINDS.map((kind) => ({
    kind,
    stats: { ...spool.stats(kind), oldestAt: spool.oldestAt(kind) },
    target: targets[kind],
  }));
  if (invocation.flags.json === true) {
    const shown = Object.fromEntries(kinds.map(({ kind, stats, target }) => [kind, statusJson(stats, target)]));
    terminal.stdout.write(`${JSON.stringify({ cluster: paths.cluster, plan: paths.plan, spool: shown })}\n`);
    return 0;
  }
  const lines = kinds.flatMap(({ kind, stats, target }) => describeKind(kind, stats, target));
  terminal.stdout.write(lines.length === 0 ? 'nothing was spooled so far\n' : `${lines.join('\n')}\n`);
  return 0;
}

/**
 * `telemetry flush [PLAN]`: delivers what waits, now.
 *
 * @returns exit code
 * @throws InstallerError `remote_unavailable` when something could not be delivered; `locked` while a run delivers itself
 */
export async function telemetryFlush(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { flags } = invocation;
  const place = readPlace(invocation, terminal);
  const { paths, settings, secrets } = place;
  const timeoutMs = flags.timeout === undefined ? FLUSH_MS : parseDuration(String(flags.timeout), '--timeout');
  // Where nothing was ever written, not even a lock is left behind.
  if (!existsSync(spoolFolder(paths))) return tellFlush({}, terminal, flags.json === true);
  const lock = await acquireLock(paths, { command: 'telemetry flush' });
  let report: FlushReport;
  try {
    report = await flushSpool({
      folder: spoolFolder(paths),
      labels: { cluster: paths.cluster, plan: paths.plan },
      version: readVersion(),
      settings,
      installed: place.installed,
      clock: systemClock,
      now: () => Date.now(),
      timeoutMs: Math.min(timeoutMs, 30_000),
      signal: AbortSignal.timeout(timeoutMs),
      sleep: (ms, signal) => systemClock.sleep(ms, signal),
      mask: (text) => secrets.mask(text),
    });
  } finally {
    await lock.release();
  }
  return tellFlush(report, terminal, flags.json === true);
}

function tellFlush(report: FlushReport, terminal: Terminal, json: boolean): number {
  const kinds = Object.entries(report) as [SpoolKind, KindReport][];
  if (json) terminal.stdout.write(`${JSON.stringify(Object.fromEntries(kinds.map(([k, r]) => [k, flushJson(r)])))}\n`);
  else if (kinds.length === 0) terminal.stderr.write('nothing waits\n');
  else terminal.stderr.write(`${kinds.map(([kind, one]) => describeFlush(kind, one)).join('\n')}\n`);
  const stuck = kinds.filter(([, { done }]) => !done);
  // What nobody is known to take is no failure, as long as somebody took the rest.
  const failed =
    stuck.find(([, { url }]) => url !== undefined) ?? (stuck.length === kinds.length ? stuck[0] : undefined);
  if (failed === undefined) return 0;
  const [kind, { url, reason }] = failed;
  throw new InstallerError(
    'remote_unavailable',
    `${TITLES[kind]} could not be delivered${url === undefined ? '' : ` to ${url}`}: ${reason}`,
    {
      hint:
        url === undefined
          ? 'say where to: CONTEXTCORE_REMOTE_WRITE_URL for metrics, OTEL_EXPORTER_OTLP_ENDPOINT for all; nothing was lost'
          : 'nothing was lost: see to it that it answers, then flush again',
    },
  );
}

function readPlace({ flags, args }: Invocation, { home, env }: Terminal) {
  const paths = statePaths(home, String(flags.cluster ?? DEFAULT_CLUSTER), args.plan ?? CREATE_CLUSTER);
  const secrets = collectSecrets(env, telemetrySecrets(env));
  const settings = telemetrySettings({ telemetry: readTelemetryWishes(flags) }, env, secrets);
  const installed = () => installedBackends(paths, () => readDocument(paths));
  const known = installed();
  const targets: Partial<Record<SpoolKind, Target | undefined>> = {
    samples: sampleTarget(settings, known),
    'otlp-traces': otlpTarget('traces', settings, known),
    'otlp-logs': otlpTarget('logs', settings, known),
    'otlp-metrics': otlpTarget('metrics', settings, known),
  };
  return { paths, secrets, settings, installed, targets };
}

function readDocument(paths: StatePaths) {
  try {
    return readState(paths).document;
  } catch {
    // What waits does not depend on it.
    return undefined;
  }
}

function statusJson(stats: KindStats, target: Target | undefined): object {
  const { records, items, bytes, oldestAt, delivered, rejected, expired, last, rejection } = stats;
  return {
    records,
    items,
    bytes,
    ...(oldestAt === undefined ? {} : { oldest_at: new Date(oldestAt).toISOString() }),
    delivered,
    rejected,
    expired,
    ...(rejection === undefined ? {} : { rejection }),
    ...(last === undefined ? {} : { last_try: last }),
    ...(target === undefined ? {} : { target: target.endpoint.url, found: target.found }),
  };
}

function flushJson({ url, done, delivered, rejected, expired, reason }: KindReport): object {
  return { target: url ?? null, done, delivered, rejected, expired, ...(reason === undefined ? {} : { reason }) };
}

function describeKind(kind: SpoolKind, stats: KindStats, target: Target | undefined): readonly string[] {
  const { items, bytes, oldestAt, delivered, rejected, expired, last, rejection } = stats;
  if (items + delivered + rejected + expired === 0) return [];
  const to = target === undefined ? 'nothing is known that takes them' : `to ${target.endpoint.url}`;
  const since = oldestAt === undefined ? '' : `, since ${new Date(oldestAt).toISOString()}`;
  const lines = [
    `${TITLES[kind]}: ${items} wait (${Math.ceil(bytes / 1024)} KiB${since}), ${delivered} delivered, ${rejected} rejected, ${expired} expired; ${to}`,
  ];
  if (last !== undefined) lines.push(`  last try ${last.at}: ${last.ok ? 'taken' : last.reason}`);
  if (rejection !== undefined) lines.push(`  last rejected because: ${rejection}`);
  return lines;
}

function describeFlush(kind: SpoolKind, { delivered, rejected, expired, url }: KindReport): string {
  const lost = rejected + expired === 0 ? '' : `, ${rejected} rejected, ${expired} expired`;
  return `${TITLES[kind]}: ${delivered} delivered${lost}${url === undefined ? '' : ` to ${url}`}`;
}
