import type { CourierOptions, KindReport } from './delivery/courier.ts';
import { createCourier } from './delivery/courier.ts';
import { createSpool, type SpoolKind } from './spool/spool.ts';
import { createStatusLane, type LaneOptions } from './status/lane.ts';

export interface FlushOptions
  extends Omit<CourierOptions, 'onFuture' | 'current'>,
    Omit<LaneOptions, 'spool' | 'volumes'> {
  /** Ends it, whatever still waits. */
  signal: AbortSignal;
  sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

export type FlushReport = Partial<Record<SpoolKind, KindReport>>;

/** Tries per receiver that cannot take anything now. */
const TRIES = 4;
const FIRST_WAIT_MS = 500;
const NOTHING = { replayed: 0, rejected: 0, expired: 0 };

/**
 * Delivers everything that waits; a receiver that is busy is asked again a few times, when it wishes. The caller holds
 * the installation's lock.
 *
 * @returns what became of each kind that something waited of
 */
export async function flushSpool(options: FlushOptions): Promise<FlushReport> {
  const { folder, clock, signal, sleep } = options;
  const spool = createSpool({
    folder,
    clock,
    beforeRemove: async (kind) => {
      if (kind === 'samples') await lane.save();
    },
  });
  const lane = createStatusLane({ ...options, spool, volumes: {} });
  const courier = createCourier({ ...options, current: () => lane.current(), onFuture: () => lane.rewind() });
  const total: FlushReport = {};
  for (let tried = 1; ; tried += 1) {
    const reports = await courier.deliver(spool, signal);
    for (const kind of Object.keys(reports) as SpoolKind[]) total[kind] = sum(total[kind], reports[kind]);
    const stuck = Object.values(reports).filter(({ done, url }) => !done && url !== undefined);
    if (stuck.length === 0 || tried === TRIES || signal.aborted) break;
    const asked = Math.max(...stuck.map(({ afterMs }) => afterMs ?? 0));
    await sleep(Math.max(asked, FIRST_WAIT_MS * 2 ** (tried - 1)), signal).catch(() => undefined);
    // Another try would end at once, and hide what the last one was told.
    if (signal.aborted) break;
  }
  // Spans alone may have waited: what waits now is told all the same.
  if (Object.keys(total).length > 0 && total.samples?.done !== false) {
    const { replayed, rejected, expired } = total.samples ?? NOTHING;
    lane.tellDelivery({ replayed, rejected, expired });
    await courier.deliver(spool, signal);
  }
  // Nothing waited: there may be no folder to save anything in.
  if (Object.keys(total).length > 0) await lane.save();
  await spool.close();
  return total;
}

function sum(before: KindReport | undefined, now: KindReport | undefined): KindReport {
  if (before === undefined || now === undefined) return (now ?? before) as KindReport;
  return {
    ...now,
    delivered: before.delivered + now.delivered,
    replayed: before.replayed + now.replayed,
    rejected: before.rejected + now.rejected,
    expired: before.expired + now.expired,
  };
}
