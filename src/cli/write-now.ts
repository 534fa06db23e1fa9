import { fstatSync, writeSync } from 'node:fs';

/** Linux' number of /dev/null: a character device, but no terminal. */
const NULL_DEVICE = 0x103;

/** Writes text to a standard stream without loading Node's streams, which take longer to load than a status to make. */
export function writeNow(fd: 1 | 2, text: string): void {
  const bytes = Buffer.from(text);
  let done = 0;
  try {
    while (done < bytes.length) done += writeSync(fd, bytes, done);
  } catch (thrown) {
    // A reader that has gone away is not our failure; a full pipe that must not block is for the stream to wait for.
    if ((thrown as NodeJS.ErrnoException).code !== 'EAGAIN') return;
    (fd === 1 ? process.stdout : process.stderr).write(bytes.subarray(done));
  }
}

/** The terminal behind a standard stream; undefined when there is none. Asks Node's streams only where there may be one. */
export function findTerminal(fd: 1 | 2): { isTTY: true; columns: number } | undefined {
  try {
    const { rdev, ...stat } = fstatSync(fd);
    if ((stat.mode & 0o170000) !== 0o020000 || rdev === NULL_DEVICE) return undefined;
  } catch {
    return undefined;
  }
  const { isTTY, columns } = fd === 1 ? process.stdout : process.stderr;
  return isTTY ? { isTTY, columns } : undefined;
}
