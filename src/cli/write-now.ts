import { fstatSync, writeSync } from 'node:fs';

/** Linux' number of /dev/null: a character device, but no terminal. */
const NULL_DEVICE = 0x103;

/** Exit code of a command whose answer could not be written: its own, if that tells of a failure already. */
export const EXIT_LOST = 1;

/**
 * Writes text to a standard stream without loading Node's streams, which take longer to load than a status to make.
 *
 * @returns false when an answer on stdout could not be written, which stderr was told
 */
export function writeNow(fd: 1 | 2, text: string): boolean {
  const bytes = Buffer.from(text);
  let done = 0;
  try {
    while (done < bytes.length) done += writeSync(fd, bytes, done);
  } catch (thrown) {
    // A full pipe that must not block is for the stream to wait for.
    if ((thrown as NodeJS.ErrnoException).code === 'EAGAIN') {
      (fd === 1 ? process.stdout : process.stderr).write(bytes.subarray(done));
    } else if (fd === 1 && isLoss(thrown)) {
      writeNow(2, `${lossOf(thrown)}\n`);
      return false;
    }
  }
  return true;
}

/** What ends a write to stdout may be a reader that has gone away (`| head`), which is not our failure; a full disk is. */
export function isLoss(thrown: unknown): thrown is Error {
  return (thrown as NodeJS.ErrnoException).code !== 'EPIPE';
}

export function lossOf({ message }: Error): string {
  return `the output could not be written to stdout: ${message}`;
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
