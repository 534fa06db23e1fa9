import { crc32 } from '../../state/crc32.ts';

/** What waits in the spool: samples of the status lane, and bodies of OTLP requests. Each kind is a queue of its own. */
export const SPOOL_KINDS = ['samples', 'otlp-traces', 'otlp-logs', 'otlp-metrics'] as const;
export type SpoolKind = (typeof SPOOL_KINDS)[number];

export interface SpoolRecord {
  kind: SpoolKind;
  /** Time of the oldest thing in it, in milliseconds since the epoch. */
  at: number;
  /** Samples, spans or log lines in it. */
  count: number;
  /** Of an OTLP body, such as `application/x-protobuf`. */
  contentType?: string;
  body: Uint8Array;
}

/** A record as it stands in a segment. */
export interface StoredRecord extends SpoolRecord {
  /** Bytes from the start of the segment to the end of the record. */
  end: number;
}

export interface DecodedSegment {
  records: readonly StoredRecord[];
  /** Bytes up to the end of the last whole record. */
  validBytes: number;
  /** What follows is no torn tail: it has its full length, but not its checksum. */
  damaged: boolean;
}

/** Length and checksum of what follows, both 32 bits, little endian. */
export const FRAME_BYTES = 8;
const NEWLINE = 10;

/** Used again for every record that fits: each child of a run costs more, the more buffers lie about. */
const SCRATCH = Buffer.allocUnsafeSlow(16 * 1024);

/**
 * `LENGTH CRC32 HEAD NEWLINE BODY`: the head is JSON, which has no newline of its own.
 *
 * @returns bytes that the next call may write over
 */
export function encodeRecord({ at, count, contentType, body }: SpoolRecord): Buffer {
  const head = `${JSON.stringify({ at, count, contentType })}\n`;
  const headBytes = Buffer.byteLength(head);
  const length = FRAME_BYTES + headBytes + body.length;
  const frame = length <= SCRATCH.length ? SCRATCH.subarray(0, length) : Buffer.allocUnsafeSlow(length);
  frame.write(head, FRAME_BYTES);
  frame.set(body, FRAME_BYTES + headBytes);
  frame.writeUInt32LE(headBytes + body.length, 0);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_BYTES)), 4);
  return frame;
}

/**
 * Reads as many whole records as there are, up to a limit. Never throws.
 *
 * @param bytes part of a segment
 * @param offset of those bytes in the segment
 */
export function decodeRecords(
  kind: SpoolKind,
  bytes: Buffer,
  offset: number,
  most = Number.POSITIVE_INFINITY,
): DecodedSegment {
  const records: StoredRecord[] = [];
  let start = 0;
  while (records.length < most && start + FRAME_BYTES <= bytes.length) {
    const length = bytes.readUInt32LE(start);
    const payload = bytes.subarray(start + FRAME_BYTES, start + FRAME_BYTES + length);
    if (payload.length < length) break;
    const head = crc32(payload) === bytes.readUInt32LE(start + 4) ? parseHead(payload) : undefined;
    if (head === undefined) return { records, validBytes: offset + start, damaged: true };
    start += FRAME_BYTES + length;
    records.push({ kind, ...head, end: offset + start });
  }
  return { records, validBytes: offset + start, damaged: false };
}

/** Of the record that begins with these bytes, its frame included; 0 for less than a frame. */
export function frameLength(bytes: Buffer): number {
  return bytes.length < FRAME_BYTES ? 0 : FRAME_BYTES + bytes.readUInt32LE(0);
}

function parseHead(payload: Buffer): Omit<SpoolRecord, 'kind'> | undefined {
  const newline = payload.indexOf(NEWLINE);
  try {
    const head = JSON.parse(payload.toString('utf8', 0, newline)) as Omit<SpoolRecord, 'kind' | 'body'>;
    return { ...head, body: payload.subarray(newline + 1) };
  } catch {
    return undefined;
  }
}
