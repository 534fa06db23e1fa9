import { closeSync, ftruncateSync, writeSync } from 'node:fs';
import { encodeRecord, type SpoolRecord } from './record.ts';
import { createSegment, listSegments } from './segments.ts';

/** Writes records to segments of its own: a torn tail of an earlier process is never written behind. */
export interface Appender {
  /** Hands a record to the kernel: it survives the end of this process. @returns false when it is lost (a full disk) */
  append(record: SpoolRecord): boolean;
  /** The segment that is written now, and its length. */
  readonly place: Readonly<{ segment: number; bytes: number }> | undefined;
  /** Records that could not be written. */
  readonly lost: number;
  close(): void;
}

/**
 * @param options.after number of a segment that is known to have been, even if its file is gone
 * @param options.rotated called when a segment is full, before the next is begun
 */
export function createAppender(
  folder: string,
  options: { segmentBytes: number; after: () => number; rotated: () => void },
): Appender {
  let open: { fd: number; segment: number; bytes: number } | undefined;
  let lost = 0;

  function begin(): { fd: number; segment: number; bytes: number } {
    const segment = Math.max(options.after(), ...listSegments(folder)) + 1;
    open = { fd: createSegment(folder, segment), segment, bytes: 0 };
    return open;
  }

  function close(): void {
    if (open !== undefined) closeSync(open.fd);
    open = undefined;
  }

  /** What stands behind half a record would not be found again. */
  function cutBack(): void {
    if (open === undefined) return;
    try {
      ftruncateSync(open.fd, open.bytes);
    } catch {
      close();
    }
  }

  return {
    get place() {
      return open === undefined ? undefined : { segment: open.segment, bytes: open.bytes };
    },
    get lost() {
      return lost;
    },
    append(record) {
      try {
        if (open !== undefined && open.bytes >= options.segmentBytes) {
          close();
          options.rotated();
        }
        const file = open ?? begin();
        const frame = encodeRecord(record);
        if (writeSync(file.fd, frame) === frame.length) {
          file.bytes += frame.length;
          return true;
        }
      } catch {
        // A full disk loses telemetry, never the installation.
      }
      lost += 1;
      cutBack();
      return false;
    },
    close,
  };
}
