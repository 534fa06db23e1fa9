import { statfs } from 'node:fs/promises';
import type { EngineEvent } from '../../engine/events.ts';
import { METRICS, type Metric, RUN_STATUS_VALUES, STANDING } from '../names.ts';
import { SPOOL_KINDS, type Spool } from '../spool/spool.ts';
import { openLedger } from './ledger.ts';
import { encodeSamples, type LaneLabels, type OwnLabels, type Sample } from './sample.ts';
import { type Draft, type RunMemory, samplesOf } from './status-samples.ts';

export interface LaneOptions {
  spool: Spool;
  /** Of the spool. */
  folder: string;
  labels: LaneLabels;
  /** Of the installer. */
  version: string;
  clock: { now(): number };
  /** A path on each file system that is watched, by the value of the label `volume`. */
  volumes: Readonly<Record<string, string>>;
}

/** What became of samples in a delivery. */
export interface DeliveryCounts {
  replayed: number;
  rejected: number;
  expired: number;
}

/** The state of steps and runs as gauges: one sample per transition, into the spool. */
export interface StatusLane {
  hear(event: EngineEvent): void;
  /** Tells that the run is alive. `repeat`: also every current value, which would else be gone from instant queries. */
  beat(repeat: boolean): Promise<void>;
  /** Closes the run for rules and panels. */
  closeRun(status: 'deleted' | 'reset'): void;
  /** Raises a counter; first sent as 0. */
  count(metric: Metric, labels: OwnLabels, by: number): void;
  /** A gauge, as of now. */
  set(metric: Metric, labels: OwnLabels, value: number): void;
  /** Tells what a delivery came to, and what still waits, spans and log lines too. */
  tellDelivery(counts: DeliveryCounts): void;
  /** The latest sample of every series; those of steps that the latest run does not have are left out. */
  current(): readonly Sample[];
  /** After samples of the future were refused: later ones must not be pushed behind them. */
  rewind(): void;
  /** Durable when it resolves. */
  save(): Promise<void>;
}

const COUNTERS: readonly Metric[] = Object.values<Metric>(METRICS).filter(({ type }) => type === 'counter');
/** Sent again while a run lives. Durations are not: each of their samples is one execution. */
const REPEATED: readonly Metric[] = [...STANDING, METRICS.lastSuccess, METRICS.breakerState, ...COUNTERS];

/** Writes nothing before the first sample. */
export function createStatusLane(options: LaneOptions): StatusLane {
  const { spool, folder, labels, version, clock, volumes } = options;
  const ledger = openLedger(folder, spool);
  const memory: RunMemory = { startedAt: clock.now(), changed: false, exhausted: new Set() };

  function write(samples: readonly Sample[]): void {
    for (const record of encodeSamples(labels, samples)) spool.append(record);
  }

  function enter(drafts: readonly Draft[]): void {
    if (drafts.length > 0) write(drafts.flatMap((draft) => ledger.enter(draft)));
  }

  async function tellVolumes(): Promise<void> {
    for (const [volume, path] of Object.entries(volumes)) {
      // Not there (yet), or not ours to look at.
      const found = await statfs(path).catch(() => undefined);
      if (found === undefined) continue;
      const at = clock.now();
      enter([
        { metric: METRICS.diskSize, labels: { volume }, at, value: found.blocks * found.bsize },
        { metric: METRICS.diskFree, labels: { volume }, at, value: found.bavail * found.bsize },
      ]);
    }
  }

  return {
    hear(event) {
      const drafts = samplesOf(event, memory, version);
      if (event.type === 'run_started') write(ledger.repeatCounters(COUNTERS, event.at));
      enter(drafts);
      if (event.type === 'run_started') void tellVolumes();
    },
    async beat(repeat) {
      const at = clock.now();
      enter([{ metric: METRICS.heartbeat, labels: {}, at, value: at / 1000 }]);
      if (repeat) write(ledger.repeat(REPEATED, at));
      await tellVolumes();
    },
    closeRun(status) {
      enter([{ metric: METRICS.runStatus, labels: {}, at: clock.now(), value: RUN_STATUS_VALUES[status] }]);
    },
    count: (metric, own, by) => enter([{ metric, labels: own, at: clock.now(), add: by }]),
    set: (metric, own, value) => enter([{ metric, labels: own, at: clock.now(), value }]),
    tellDelivery({ replayed, rejected, expired }) {
      const at = clock.now();
      const waiting = SPOOL_KINDS.map((kind) => spool.stats(kind));
      const sum = (what: 'records' | 'bytes') => waiting.reduce((total, stats) => total + stats[what], 0);
      enter([
        { metric: METRICS.spoolRecords, labels: {}, at, value: sum('records') },
        { metric: METRICS.spoolBytes, labels: {}, at, value: sum('bytes') },
        { metric: METRICS.samplesReplayed, labels: {}, at, add: replayed },
        { metric: METRICS.samplesRejected, labels: {}, at, add: rejected },
        { metric: METRICS.samplesExpired, labels: {}, at, add: expired },
      ]);
    },
    current() {
      const all = ledger.latest();
      const started = all.find(({ metric }) => metric === METRICS.runStarted)?.value ?? 0;
      const startedMs = Math.round(1000 * started);
      // A run tells the status of every step when it starts.
      const told = all.filter(({ metric, timestamp }) => metric === METRICS.stepStatus && timestamp >= startedMs);
      const steps = new Set(told.map(({ labels: { step } }) => step));
      return all.filter(({ labels: { step } }) => step === undefined || steps.has(step));
    },
    rewind: () => ledger.rewind(clock.now()),
    save: () => ledger.save(),
  };
}
