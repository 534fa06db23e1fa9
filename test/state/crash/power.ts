import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWriter } from './harness.ts';
import { findLoss, type Keeper } from './model.ts';
import { randomFrom } from './random.ts';
import type { SweepResult } from './sweep.ts';

export type FileSystem = 'ext4' | 'xfs';

export interface CutOptions {
  keeper: Keeper;
  fileSystem: FileSystem;
  cuts: number;
  /** Folder for the image and its mount point. */
  folder: string;
  /** Seed of the moments at which power is cut. */
  seed: number;
  /** Ends with the first failure: enough for a control. */
  untilFailure?: boolean;
}

const IMAGE_SIZE: Record<FileSystem, string> = { ext4: '64M', xfs: '320M' };

/**
 * Cuts the power of a file system of its own while a writer is at work: the file system is shut down without a flush,
 * mounted again, and what is on it compared with what the writer had said.
 */
export async function cutPower({
  keeper,
  fileSystem,
  cuts,
  folder,
  seed,
  untilFailure,
}: CutOptions): Promise<SweepResult> {
  const image = join(folder, `${fileSystem}.img`);
  const mount = join(folder, `${fileSystem}-mount`);
  const random = randomFrom(seed);
  const result: SweepResult = { points: 0, failures: [] };
  mkdirSync(mount);
  command('truncate', '-s', IMAGE_SIZE[fileSystem], image);
  command(`mkfs.${fileSystem}`, fileSystem === 'xfs' ? '-q' : '-qF', image);
  for (let cut = 1; cut <= cuts; cut += 1) {
    command('mount', '-o', 'loop', image, mount);
    let mounted = true;
    try {
      const home = mkdtempSync(join(mount, 'home-'));
      const writer = await startWriter(keeper, home, 1_000_000);
      // Only what the writer itself failed to make durable shall count, not the folder it was given.
      command('sync', '-f', home);
      writer.go();
      await writer.reached(1 + Math.floor(random() * 40));
      await sleep(random() * 200);
      process.kill(writer.pid, 'SIGSTOP');
      command('xfs_io', '-x', '-c', 'shutdown', mount);
      process.kill(writer.pid, 'SIGKILL');
      const { durable } = await writer.ended;
      command('umount', mount);
      mounted = false;
      await released(image);
      command('mount', '-o', 'loop', image, mount);
      mounted = true;
      const loss = findLoss(keeper, home, durable);
      result.points += 1;
      if (loss !== undefined) result.failures.push(`${fileSystem}, cut ${cut} of seed ${seed}: ${loss}`);
      if (loss !== undefined && untilFailure === true) return result;
      rmSync(home, { recursive: true, force: true });
    } finally {
      if (mounted) command('umount', mount);
      await released(image);
    }
  }
  return result;
}

/**
 * Waits until nobody has the image mounted any more. A container that is being started beside us holds a copy of every
 * mount for a moment; mounted again meanwhile, it would still be the file system that was shut down.
 */
async function released(image: string): Promise<void> {
  for (let tried = 0; tried < 300; tried += 1) {
    const { stdout } = spawnSync('losetup', ['--associated', image], { encoding: 'utf8' });
    if (stdout.trim() === '') return;
    await sleep(100);
  }
  throw new Error(`${image} is still mounted somewhere`);
}

/** Why power cannot be cut here; undefined: it can. */
export function whyNoPowerCuts(fileSystem: FileSystem, folder: string): string | undefined {
  if (process.getuid?.() !== 0) return 'mounting needs root';
  for (const program of ['xfs_io', `mkfs.${fileSystem}`, 'losetup', 'mount', 'umount', 'truncate']) {
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `${program} is not installed`;
  }
  try {
    const image = join(folder, `try-${fileSystem}.img`);
    const mount = join(folder, `try-${fileSystem}`);
    mkdirSync(mount);
    command('truncate', '-s', IMAGE_SIZE[fileSystem], image);
    command(`mkfs.${fileSystem}`, fileSystem === 'xfs' ? '-q' : '-qF', image);
    command('mount', '-o', 'loop', image, mount);
    command('umount', mount);
    rmSync(image);
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

function command(file: string, ...args: string[]): void {
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? stderr.trim()}`);
}
