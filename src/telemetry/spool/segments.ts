import { closeSync, fstatSync, mkdirSync, openSync, readdirSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /^(\d{8})\.seg$/;

/** Numbers of the segments in a folder, oldest first. */
export function listSegments(folder: string): readonly number[] {
  try {
    const names = readdirSync(folder);
    return names
      .flatMap((name) => NAME.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  } catch {
    // No folder: nothing was ever spooled.
    return [];
  }
}

function segmentPath(folder: string, segment: number): string {
  return join(folder, `${String(segment).padStart(8, '0')}.seg`);
}

/** Makes a segment that nobody else writes to. @returns its descriptor */
export function createSegment(folder: string, segment: number): number {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return openSync(segmentPath(folder, segment), 'ax', 0o600);
}

/** @returns 0 for one that is gone */
export function segmentBytes(folder: string, segment: number): number {
  try {
    return statSync(segmentPath(folder, segment)).size;
  } catch {
    return 0;
  }
}

/** What stands in a segment from an offset on, at most so many bytes; empty for one that is gone. */
export function readSegment(folder: string, segment: number, offset: number, most = Number.POSITIVE_INFINITY): Buffer {
  try {
    const fd = openSync(segmentPath(folder, segment), 'r');
    try {
      const bytes = Buffer.allocUnsafeSlow(Math.min(most, Math.max(0, fstatSync(fd).size - offset)));
      return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, offset));
    } finally {
      closeSync(fd);
    }
  } catch {
    return Buffer.alloc(0);
  }
}

export function removeSegment(folder: string, segment: number): void {
  rmSync(segmentPath(folder, segment), { force: true });
}
