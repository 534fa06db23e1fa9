import { judgeAnswer, rangeHeaders, servesParts, validatorsOf } from './continuation.ts';
import { getUrl } from './http/follow.ts';
import { createRangeWriter, type RangeWriter } from './range-writer.ts';
import type { TransferOptions } from './transfer.ts';

export interface RangeOptions extends TransferOptions {
  source: string;
  from: number;
  /** Infinity while the size of the file is not known. */
  to: number;
  /** Alone: it may take the whole file where it asked for a part. */
  first: boolean;
  /** Forgets what is there. */
  begin(): Promise<void>;
  /** Refuses when there is no room for so many bytes. */
  prepare(bytes: number): Promise<void>;
  /** Told who writes, once the server gives what was asked for. */
  onWriter(writer: RangeWriter): void;
}

/** `changed`: what came does not belong to what is there. */
export type StreamEnd = 'complete' | 'changed' | 'failed';

/** Asks for one range of a file and writes what comes; what was written stays, however it ends. */
export async function receiveRange(options: RangeOptions): Promise<StreamEnd> {
  const { partial, digest, source, from, to, first } = options;
  const whole = first && from === 0 && partial.bytes === 0 && !Number.isFinite(to);
  let writer: RangeWriter | undefined;
  let changed = false;
  const preparing: { done?: Promise<void> } = {};
  const headers = whole ? {} : rangeHeaders(partial.about, from, to, source);
  const { client, tell } = options;
  const unprepared = new AbortController();
  const signal = AbortSignal.any([options.signal, unprepared.signal]);
  const prepare = async (begun: Promise<void> | undefined, bytes: number): Promise<void> => {
    await begun;
    await options.prepare(bytes);
  };
  try {
    await getUrl(
      options.url,
      { client, headers, signal, accept: [416], ...(tell === undefined ? {} : { tell }) },
      (head) => {
        options.onAnswer?.();
        const answered = judgeAnswer(head, whole ? undefined : from, partial.about, source);
        // The whole file in place of a part: it has changed, or there are no parts. What is there is of no use.
        const anew = answered.kind === 'whole' && !whole;
        if (answered.kind === 'changed' || (anew && !first)) {
          changed = true;
          return undefined;
        }
        const { size } = answered;
        const begun = anew ? options.begin() : undefined;
        partial.learn({
          source,
          ...validatorsOf(head),
          ...(size === undefined ? {} : { size }),
          parts: servesParts(head),
        });
        const end = Math.min(anew ? Number.POSITIVE_INFINITY : to, size ?? Number.POSITIVE_INFINITY);
        preparing.done = prepare(begun, size === undefined ? 0 : size - partial.bytes);
        preparing.done.catch((thrown: unknown) => unprepared.abort(thrown));
        writer = createRangeWriter({
          from: anew ? 0 : from,
          to: end,
          offer: digest.offer,
          write: async (bytes, position) => {
            await preparing.done;
            await partial.write(bytes, position);
          },
        });
        options.onWriter(writer);
        return writer;
      },
    );
  } finally {
    await preparing.done;
    await writer?.finish();
  }
  if (changed) return 'changed';
  if (writer !== undefined && !Number.isFinite(writer.end) && partial.about.size === undefined) {
    partial.learn({ size: writer.position });
  }
  return 'complete';
}
