import { open } from 'node:fs/promises';

const BYTES = 8192;

/** The last lines of a log, oldest first; none when it cannot be read. */
export async function tailOf(path: string, lines = 12): Promise<readonly string[]> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const length = Math.min(size, BYTES);
      const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer
        .toString('utf8')
        .split('\n')
        .filter((line) => line.trim() !== '')
        .slice(-lines);
    } finally {
      await file.close();
    }
  } catch {
    // A log is evidence, not a condition.
    return [];
  }
}
