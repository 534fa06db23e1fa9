import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isAlive } from '../../system/process-table.ts';

/** What was downloaded into the folder of programs, and from where; kept beside the program as `NAME-VERSION.json`. */
export interface DownloadRecord {
  name: string;
  version: string;
  /** Absolute path of the program. */
  path: string;
  /** Address of the release, or `package NAME VERSION`. */
  source: string;
  /** Of the program file, 64 hex digits. */
  sha256: string;
  /** UTC, ISO 8601. */
  installed_at: string;
}

const WORK = /^\.work-(\d+)-/;

/** Calls `use` with a fresh folder inside `binDir`, removed afterwards; leftovers of killed runs go, too. */
export async function inWorkFolder<T>(binDir: string, use: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(binDir, { recursive: true, mode: 0o700 });
  for (const name of await readdir(binDir)) {
    const pid = WORK.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid), 0)) await rm(join(binDir, name), { recursive: true, force: true });
  }
  const folder = await mkdtemp(join(binDir, `.work-${process.pid}-`));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * Puts a program into the folder as NAME-VERSION with a link NAME to it, and records where it is from.
 * Each is replaced at once, so that two installers may do this at the same time.
 *
 * @param file the unpacked program, anywhere
 * @returns the record as written
 */
export async function placeProgram(
  binDir: string,
  file: string,
  program: { name: string; version: string; source: string },
  at: Date,
): Promise<DownloadRecord> {
  const { name, version, source } = program;
  const path = pathOf(binDir, name, version);
  const mark = `.${process.pid}-${randomBytes(4).toString('hex')}`;
  await copyFile(file, `${path}${mark}`);
  await chmod(`${path}${mark}`, 0o755);
  await syncFile(`${path}${mark}`);
  await rename(`${path}${mark}`, path);
  const record: DownloadRecord = {
    name,
    version,
    path,
    source,
    sha256: await digestOf(path),
    installed_at: at.toISOString(),
  };
  await writeFile(`${path}.json${mark}`, `${JSON.stringify(record, null, 2)}\n`);
  await rename(`${path}.json${mark}`, `${path}.json`);
  await symlink(basename(path), join(binDir, `${name}${mark}`));
  await rename(join(binDir, `${name}${mark}`), join(binDir, name));
  return record;
}

/** Where a version of a program is placed. A distribution's version may hold an epoch and a tilde: `1:2.42.0~rc1-1`. */
export function pathOf(binDir: string, name: string, version: string): string {
  return join(binDir, `${name}-${version.replaceAll(/[^\w.+-]/g, '_')}`);
}

/** Everything that was downloaded into the folder, for the list that `--delete` shows; it stays there. */
export async function listDownloads(binDir: string): Promise<readonly DownloadRecord[]> {
  const names = await readdir(binDir).catch(() => []);
  const records = await Promise.all(
    names
      .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
      .map((name) => readRecord(join(binDir, name))),
  );
  return records.filter((record) => record !== undefined).sort((a, b) => a.path.localeCompare(b.path));
}

async function readRecord(path: string): Promise<DownloadRecord | undefined> {
  try {
    const record: unknown = JSON.parse(await readFile(path, 'utf8'));
    const known = typeof record === 'object' && record !== null && 'path' in record && 'name' in record;
    return known ? (record as DownloadRecord) : undefined;
  } catch {
    // Not one of ours, or torn by a power cut: the program beside it still works.
    return undefined;
  }
}

async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
