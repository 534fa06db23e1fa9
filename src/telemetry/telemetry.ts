import type { EngineEvent } from '../engine/events.ts';
import type { Listener } from '../engine/ports.ts';
import type { Courier, KindReport } from './delivery/courier.ts';
import { type Installed, targetOf } from './delivery/find-backends.ts';
import type { TelemetrySettings } from './settings.ts';
import { createSpool, SPOOL_KINDS, type Spool, type SpoolKind } from './spool/spool.ts';
import { createStatusLane, type DeliveryCounts, type StatusLane } from './status/lane.ts';
import type { LaneLabels } from './status/sample.ts';

export interface TelemetryOptions {
  /** Folder of the spool. */
  folder: string;
  labels: LaneLabels;
  /** Of the installer. */
  version: string;
  settings: TelemetrySettings;
  /** What is recorded of the installation that may hold backends, as of now. */
  installed: () => Installed;
  clock: { now(): number };
  /** A path on each file system that is watched, by the value of the label `volume`. */
  volumes: Readonly<Record<string, string>>;
  mask: (text: string) => string;
  /** Tells the user, while the run lives. */
  notify: (message: string) => void;
  /** Times in milliseconds, for tests. */
  times?: Partial<typeof TIMES>;
}

/** A further way in which a run is told, by way of the same spool. */
export interface TelemetryLane {
  hear(event: EngineEvent): void;
  /** Puts what it holds back into the spool; must be quick. */
  flush(): Promise<void>;
}

/** What is left when a run has ended. */
export interface Leftover {
  /** Samples, spans and log lines that wait. */
  items: number;
  url: string;
  reason: string;
}

/** Everything that is told about a run to the outside. Whatever happens to it, the run does not notice. */
export interface Telemetry {
  listener: Listener;
  spool: Spool;
  addLane(lane: TelemetryLane): void;
  /** Gives another every record that is spooled from now on, too. */
  copyTo(writer: Pick<Spool, 'append'>): void;
  /** The status lane: counters and gauges of others go through it. */
  lane(): StatusLane;
  /** Loads what a delivery needs, in the background: for a command that ends soon. */
  prepare(): void;
  /** Tells that the run's state is gone; rules and panels leave it out from now on. */
  closeRun(status: 'deleted' | 'reset'): void;
  /**
   * Delivers what waits, within the time that an exit may take; the rest stays in the spool for the next run.
   *
   * @returns what could not be delivered to a receiver that was asked for
   */
  close(): Promise<Leftover | undefined>;
}

const TIMES = {
  /** What the exit may take in all, and the part of it for sending. */
  closeMs: 300,
  sendMs: 240,
  /** One request while the run lives. */
  requestMs: 5_000,
  firstMs: 1_000,
  everyMs: 2_000,
  /** Between two tries where the receiver cannot take anything. */
  slowestMs: 10_000,
  beatMs: 60_000,
};

/** Writes and loads next to nothing before the first event that is to be told. */
export function openTelemetry(options: TelemetryOptions): Telemetry {
  const { folder, clock, settings, installed } = options;
  const times = { ...TIMES, ...options.times };
  const controller = new AbortController();
  const lanes: TelemetryLane[] = [];
  const counts: DeliveryCounts = { replayed: 0, rejected: 0, expired: 0 };
  let status: StatusLane | undefined;
  let courier: Promise<Courier> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let beat: NodeJS.Timeout | undefined;
  let waitMs = times.everyMs;
  /** The last delivery left nothing behind: a receiver is there. */
  let live = false;
  let warned = false;
  let last: Partial<Record<SpoolKind, KindReport>> = {};

  const copies: Pick<Spool, 'append'>[] = [];
  const kept = createSpool({
    folder,
    clock,
    beforeRemove: async (kind) => {
      if (kind === 'samples') await status?.save();
    },
  });
  const spool: Spool = {
    ...kept,
    append(record) {
      for (const copy of copies) copy.append(record);
      return kept.append(record);
    },
  };

  function lane(): StatusLane {
    status ??= createStatusLane({ ...options, spool });
    return status;
  }

  function hear(event: EngineEvent): void {
    if (status === undefined && event.type !== 'run_started' && event.type !== 'step_recorded') return;
    // A rollback has no run, and may be over at once.
    if (status === undefined && event.type === 'step_recorded' && hasTarget()) void prepare();
    lane().hear(event);
    if (event.type === 'run_started') start();
    if (event.type === 'run_finished') stop();
  }

  function start(): void {
    stop();
    timer = setTimeout(() => void deliverNow(), times.firstMs).unref();
    beat = setInterval(() => void beatNow(), times.beatMs).unref();
  }

  function stop(): void {
    clearTimeout(timer);
    clearInterval(beat);
    timer = undefined;
  }

  async function beatNow(): Promise<void> {
    tellCounts();
    await lane().beat(live);
  }

  function hasTarget(): boolean {
    const known = installed();
    return SPOOL_KINDS.some((kind) => targetOf(kind, settings, known) !== undefined);
  }

  /** While the run lives: one request at a time, nobody waits for it. */
  async function deliverNow(): Promise<void> {
    const afterMs = (await deliver(controller.signal).catch(() => undefined)) ?? 0;
    waitMs = live ? times.everyMs : Math.min(waitMs * 1.5, times.slowestMs);
    if (timer !== undefined) timer = setTimeout(() => void deliverNow(), Math.max(waitMs, afterMs)).unref();
  }

  /** @returns for how long a receiver asked to wait */
  async function deliver(signal: AbortSignal, atOnce = false): Promise<number> {
    if (!hasTarget()) return 0;
    const reports = await (await prepare()).deliver(spool, signal, { atOnce });
    last = { ...last, ...reports };
    const { samples } = reports;
    live = samples === undefined ? live : samples.done;
    counts.replayed += samples?.replayed ?? 0;
    counts.rejected += samples?.rejected ?? 0;
    counts.expired += samples?.expired ?? 0;
    warnOfClock();
    return Math.max(0, ...Object.values(reports).map((report) => report.afterMs ?? 0));
  }

  function prepare(): Promise<Courier> {
    courier ??= loadCourier();
    return courier;
  }

  async function loadCourier(): Promise<Courier> {
    const { createCourier } = await import('./delivery/courier.ts');
    return createCourier({
      settings,
      installed,
      timeoutMs: times.requestMs,
      now: () => clock.now(),
      mask: options.mask,
      current: () => lane().current(),
      onFuture: () => lane().rewind(),
    });
  }

  function warnOfClock(): void {
    const wrong = Object.values(last).find((report) => report.clockAheadMs !== undefined);
    if (wrong?.reason === undefined || warned) return;
    warned = true;
    options.notify(wrong.reason);
  }

  function tellCounts(): void {
    lane().tellDelivery({ ...counts });
    Object.assign(counts, { replayed: 0, rejected: 0, expired: 0 });
  }

  async function finish(): Promise<void> {
    const signal = AbortSignal.timeout(times.sendMs);
    // First what the lanes hold back: it must be delivered, too, before it is told what waits.
    await Promise.allSettled(lanes.map((one) => one.flush()));
    await deliver(signal, true).catch(() => undefined);
    tellCounts();
    // Who has just not taken the samples would only be asked again.
    if (last.samples?.done !== false) await deliver(signal, true);
    await lane().save();
    await spool.close();
  }

  function leftover(): Leftover | undefined {
    const known = installed();
    for (const kind of SPOOL_KINDS) {
      const target = targetOf(kind, settings, known);
      if (target === undefined || target.found || spool.stats(kind).items === 0) continue;
      const items = SPOOL_KINDS.reduce((sum, one) => sum + spool.stats(one).items, 0);
      // Not only what a receiver has said no to: the time may have been over before it was asked.
      return { items, url: target.endpoint.url, reason: last[kind]?.reason ?? 'it did not answer in time' };
    }
    return undefined;
  }

  return {
    spool,
    lane,
    addLane: (one) => lanes.push(one),
    copyTo: (writer) => copies.push(writer),
    listener(event) {
      hear(event);
      for (const one of lanes) one.hear(event);
    },
    prepare: () => {
      if (hasTarget()) void prepare();
    },
    closeRun: (how) => lane().closeRun(how),
    async close() {
      stop();
      controller.abort();
      if (status === undefined && lanes.length === 0) return undefined;
      await within(times.closeMs, finish());
      return leftover();
    },
  };
}

/** Waits for something, but not for longer; what it throws is dropped. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work.catch(() => undefined), promise]);
  clearTimeout(timer);
}
