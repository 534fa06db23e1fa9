import { statfs } from 'node:fs/promises';
import { InstallerError } from '../../errors/installer-error.ts';

/** Kept free on the disk besides the file itself. */
const RESERVE_BYTES = 16 << 20;

/** @throws InstallerError class `disk_full` when the disk of `folder` does not have so many bytes */
export async function refuseFullDisk(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= bytes + RESERVE_BYTES) return;
  const megabytes = (size: number) => `${Math.ceil(size / 1e6)} MB`;
  throw new InstallerError(
    'step_failed',
    `${folder} has ${megabytes(free)} free, but ${megabytes(bytes + RESERVE_BYTES)} are needed`,
    { class: 'disk_full', hint: 'make room on that disk, then run the same command again' },
  );
}
