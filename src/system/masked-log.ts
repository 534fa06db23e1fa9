import { appendFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type { StreamMask } from '../engine/stream-mask.ts';

/** A line longer than this is written in pieces. */
const LONGEST_LINE = 64 * 1024;

/**
 * Appends a child's output to a file through a mask. Whole lines only: the mask holds back the last bytes of what it was
 * given, and two streams would else be mixed in the middle of their words.
 */
export function writeMasked(stream: Readable, mask: StreamMask, path: string): void {
  let line: Buffer[] = [];
  let length = 0;
  const flush = (): void => {
    appendQuietly(path, Buffer.concat(line));
    line = [];
    length = 0;
  };
  const write = (data: Buffer): void => {
    const end = data.lastIndexOf('\n') + 1;
    if (end > 0) {
      line.push(data.subarray(0, end));
      flush();
    }
    line.push(data.subarray(end));
    length += data.length - end;
    if (length > LONGEST_LINE) flush();
  };
  stream.on('data', (chunk: Buffer) => write(mask.push(chunk)));
  stream.on('end', () => {
    write(mask.end());
    // The other stream goes on with a line of its own.
    if (length > 0) write(Buffer.from('\n'));
  });
}

function appendQuietly(path: string, data: Buffer): void {
  if (data.length === 0) return;
  try {
    appendFileSync(path, data, { mode: 0o600 });
  } catch {
    // A full disk loses logs, never the installation.
  }
}
