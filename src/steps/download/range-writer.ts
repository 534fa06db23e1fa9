import { type BodyTaker, MAX_BODY_CHUNK } from './http/exchange.ts';
import { freeBuffer } from './http/free-buffer.ts';

export interface RangeWriter extends BodyTaker {
  /** Where the next byte goes. */
  readonly position: number;
  /** The first byte that is not wanted; may be brought nearer while others take the rest. */
  end: number;
  /** Writes what is held, and takes nothing any more. @throws what writing threw */
  finish(): Promise<void>;
}

export interface RangeWriterOptions {
  from: number;
  /** Infinity while the end is not known. */
  to: number;
  /** Told of bytes in order, before they are written; valid during the call only. */
  offer(bytes: Uint8Array, position: number): void;
  write(bytes: Uint8Array, position: number): Promise<void>;
}

const BUFFER_BYTES = 2 * MAX_BODY_CHUNK;

/** Collects what comes into two buffers, so that one is written while the other is filled: no garbage, few writes. */
export function createRangeWriter({ from, to, offer, write }: RangeWriterOptions): RangeWriter {
  let filling: Buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let spare: Buffer | undefined = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  let held = 0;
  let position = from;
  let writing: Promise<void> = Promise.resolve();
  let failure: unknown;

  const send = (): void => {
    const full = filling;
    const bytes = full.subarray(0, held);
    const start = position - held;
    filling = spare as Buffer;
    spare = undefined;
    held = 0;
    offer(bytes, start);
    writing = write(bytes, start).then(
      () => {
        spare = full;
      },
      (thrown: unknown) => {
        failure ??= thrown;
        spare = full;
      },
    );
  };
  const settled = async (): Promise<void> => {
    await writing;
    if (failure !== undefined) throw failure;
  };
  const writer: RangeWriter = {
    end: to,
    get position() {
      return position;
    },
    get state() {
      if (position >= writer.end) return 'enough';
      return failure !== undefined || (held > BUFFER_BYTES - MAX_BODY_CHUNK && spare === undefined) ? 'full' : 'hungry';
    },
    take(bytes) {
      const wanted = bytes.subarray(0, Math.max(0, writer.end - position));
      if (held + wanted.byteLength > BUFFER_BYTES) send();
      filling.set(wanted, held);
      held += wanted.byteLength;
      position += wanted.byteLength;
      if (held > BUFFER_BYTES - MAX_BODY_CHUNK && spare !== undefined) send();
    },
    drained: settled,
    async finish() {
      try {
        await settled();
        if (held > 0) send();
        await settled();
      } finally {
        freeBuffer(filling);
        if (spare !== undefined) freeBuffer(spare);
      }
    },
  };
  return writer;
}
