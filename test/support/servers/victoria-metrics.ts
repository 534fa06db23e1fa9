import { execFile } from 'node:child_process';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findFreePort } from '../free-port.ts';
import { findProgram, type RunningServer, startServer } from './start-server.ts';

const run = promisify(execFile);

/** Kept between runs of the tests: it is 23 MB. */
const UNPACKED = join(tmpdir(), 'ccx-victoria-metrics');

/** Gets the program out of its Debian package, without installing it. @returns undefined where that cannot be done */
export async function obtainVictoriaMetrics(): Promise<string | undefined> {
  const installed = await findProgram(['victoria-metrics']);
  if (installed !== undefined) return installed;
  const program = join(UNPACKED, 'usr/bin/victoria-metrics');
  if (await answersVersion(program)) return program;
  const work = `${UNPACKED}.${process.pid}`;
  try {
    await mkdir(work, { recursive: true });
    await run('apt-get', ['download', '-q', 'victoria-metrics'], { cwd: work, timeout: 120_000 });
    const deb = (await readdir(work)).find((name) => name.endsWith('.deb'));
    if (deb === undefined) return undefined;
    await run('dpkg', ['-x', deb, 'root'], { cwd: work });
    await rm(UNPACKED, { recursive: true, force: true });
    await rename(join(work, 'root'), UNPACKED);
    return program;
  } catch {
    return undefined;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** A single node that keeps what is pushed to `/api/v1/write`. @param program its path */
export async function startVictoriaMetrics(program: string): Promise<RunningServer> {
  const port = await findFreePort();
  return await startServer({
    programs: ['victoria-metrics'],
    program,
    port,
    args: (folder) => [`-storageDataPath=${folder}/data`, `-httpListenAddr=127.0.0.1:${port}`, '-retentionPeriod=2'],
    ready: '/health',
  });
}

async function answersVersion(program: string): Promise<boolean> {
  return await run(program, ['-version']).then(
    () => true,
    () => false,
  );
}
