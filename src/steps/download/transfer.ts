import { dirname } from 'node:path';
import { classifyError } from '../../errors/classify-error.ts';
import type { ErrorClass } from '../../errors/error-class.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { RequestFacts } from '../../resilience/events.ts';
import { countBytes, gapsIn } from './byte-ranges.ts';
import { mayContinue } from './continuation.ts';
import type { FileDigest } from './digest.ts';
import { refuseFullDisk } from './disk-space.ts';
import type { HttpClient } from './http/exchange.ts';
import { plainAddress } from './http/follow.ts';
import type { Pace } from './pace.ts';
import type { PartialFile } from './partial-file.ts';
import type { RangeWriter } from './range-writer.ts';
import { receiveRange, type StreamEnd } from './receive-range.ts';

export interface TransferOptions {
  client: HttpClient;
  url: string;
  partial: PartialFile;
  digest: FileDigest;
  /** The checksum that the file is to have, if one is known. */
  sum?: string;
  signal: AbortSignal;
  /** Whether ranges are fetched side by side; absent: never. */
  pace?: Pace;
  tell?: (request: RequestFacts) => void;
  onProgress?: (progress: { bytes: number; total?: number }) => void;
  /** The server has answered: it can be reached. */
  onAnswer?: () => void;
}

/** A connection that is cut after so much is continued at once: it is one that works. */
const PROGRESS_BYTES = 256 << 10;
const CONTINUED: ReadonlySet<ErrorClass> = new Set(['network_reset', 'network_timeout']);
/** No stream is split for less on either side. */
const MIN_SPLIT_BYTES = 8 << 20;
const TICK_MS = 200;
const CHECKPOINT_MS = 1_000;
/** A file that changes more often than this while it is read cannot be had. */
const MAX_RESTARTS = 2;

/**
 * Fetches what is missing of a file. A connection that is cut in the middle is continued from where it stood, as often as
 * it takes, as long as each gives something; one that gives nothing is a failure, and whoever called decides about another.
 *
 * @throws InstallerError of the request that failed
 */
export async function transfer(options: TransferOptions): Promise<void> {
  const { partial, digest, sum } = options;
  const source = plainAddress(options.url);
  const begin = (): Promise<void> => {
    digest.reset();
    return partial.begin(sum === undefined ? {} : { sum });
  };
  if (partial.bytes === 0 || !mayContinue(partial.about, source)) await begin();
  for (let restarts = 0; ; ) {
    const before = partial.bytes;
    const outcome = await fetchGaps(options, source, begin);
    if (outcome.kind === 'complete') return;
    if (outcome.kind === 'changed') {
      restarts += 1;
      if (restarts > MAX_RESTARTS) {
        throw new InstallerError('step_failed', `${source} changes while it is read`, { class: 'server_error' });
      }
      await begin();
      continue;
    }
    const { error } = outcome;
    options.signal.throwIfAborted();
    const goesOn = CONTINUED.has(classifyError(error)) && mayContinue(partial.about, source);
    if (!goesOn || partial.bytes - before < PROGRESS_BYTES) throw error;
  }
}

type Outcome = { kind: 'complete' } | { kind: 'changed' } | { kind: 'cut'; error: unknown };

/** Fetches with one stream, later with more where that pays, until nothing is missing or one of them has failed. */
async function fetchGaps(options: TransferOptions, source: string, begin: () => Promise<void>): Promise<Outcome> {
  const { partial, digest, signal, onProgress, pace } = options;
  const abort = new AbortController();
  const stop = () => abort.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  const streams = new Map<RangeWriter, Promise<StreamEnd>>();
  const running = new Set<Promise<StreamEnd>>();
  const failures: unknown[] = [];
  let changed = false;
  let checkpoint: Promise<void> | undefined;
  let checkpointAt = performance.now();

  const received = () => partial.bytes;
  const missing = () => gapsIn(partial.done, partial.about.size ?? Number.POSITIVE_INFINITY);
  const tellProgress = () => {
    const { size } = partial.about;
    onProgress?.({ bytes: received(), ...(size === undefined ? {} : { total: size }) });
  };
  const start = (from: number, to: number): void => {
    let writer: RangeWriter | undefined;
    const first = streams.size === 0;
    const ended = receiveRange({
      ...options,
      source,
      from,
      to,
      first,
      begin,
      signal: abort.signal,
      prepare: (needed) => refuseFullDisk(dirname(dirname(partial.path)), needed),
      onWriter: (made) => {
        writer = made;
        streams.set(made, ended);
      },
    }).then(
      (end) => {
        if (end === 'changed') {
          changed = true;
          abort.abort(new Error('the file has changed'));
        }
        return end;
      },
      (thrown: unknown) => {
        // A server that does not want another stream is no failure: the first one goes on, and takes what is left.
        if (first || classifyError(thrown) === 'disk_full') failures.push(thrown);
        pace?.settle();
        return 'failed' as const;
      },
    );
    running.add(ended);
    void ended.finally(() => {
      running.delete(ended);
      if (writer !== undefined) streams.delete(writer);
    });
  };
  const split = (): void => {
    const size = partial.about.size ?? 0;
    const widest = [...streams.keys()].sort((a, b) => b.end - b.position - (a.end - a.position))[0];
    const left = widest === undefined ? 0 : Math.min(widest.end, size) - widest.position;
    if (widest === undefined || left < 2 * MIN_SPLIT_BYTES) return;
    const [middle, end] = [widest.position + Math.floor(left / 2), Math.min(widest.end, size)];
    widest.end = middle;
    start(middle, end);
  };
  const tick = (): void => {
    tellProgress();
    const now = performance.now();
    if (checkpoint === undefined && now - checkpointAt > CHECKPOINT_MS && partial.bytes > 0) {
      checkpoint = partial.checkpoint().then(
        () => {
          checkpoint = undefined;
          checkpointAt = performance.now();
        },
        (thrown: unknown) => abort.abort(thrown),
      );
    }
    if (pace === undefined || partial.about.parts !== true || streams.size === 0) return;
    const { size = 0 } = partial.about;
    // One that has not been answered yet is waited for.
    if (streams.size < running.size) return;
    if (pace.wantsMore(now, received(), running.size, size - received())) split();
  };

  await digest.catchUp(partial.file, missing()[0]?.[0] ?? partial.about.size ?? 0, signal);
  const ticker = setInterval(tick, TICK_MS);
  try {
    while (failures.length === 0 && !changed) {
      const [gap] = missing();
      if (gap === undefined) break;
      const before = partial.bytes;
      start(gap[0], gap[1]);
      while (running.size > 0) await Promise.race(running);
      if (partial.bytes === before && failures.length === 0 && missing().length > 0) failures.push(nothingCame(source));
    }
  } finally {
    clearInterval(ticker);
    signal.removeEventListener('abort', stop);
    await checkpoint;
  }
  if (changed) return { kind: 'changed' };
  if (failures.length > 0) return { kind: 'cut', error: failures[0] };
  tellProgress();
  await digest.catchUp(partial.file, countBytes(partial.done), signal);
  return { kind: 'complete' };
}

function nothingCame(source: string): InstallerError {
  return new InstallerError('step_failed', `${source} gave nothing of what it promised`, { class: 'network_reset' });
}
