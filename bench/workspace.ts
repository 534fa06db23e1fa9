import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

export const root = fileURLToPath(new URL('..', import.meta.url));

const FORK_SERVER = 'src/system/fork-server.pl';

/** What is kept between runs, such as peers from PyPI. */
export const cacheFolder = join(root, '.cache/bench');

/** What a target needs of the run it is part of. */
export interface Workspace {
  /** A fresh folder, on the clone's own disk: a system's /tmp may be in memory, where syncing costs nothing. */
  makeFolder(): string;
  /** Arguments with which Node.js runs one of bench/fixtures, built as the programs are for their users. */
  fixture(name: string, ...args: readonly (string | number)[]): string[];
  /** Environment with a warm compile cache, as the launchers set it. */
  env: Readonly<Record<string, string | undefined>>;
  /** Tells what is being measured. */
  progress(message: string): void;
  remove(): void;
}

export function makeWorkspace(progress: (message: string) => void): Workspace {
  mkdirSync(cacheFolder, { recursive: true });
  const folder = mkdtempSync(join(cacheFolder, 'run-'));
  return {
    makeFolder: () => mkdtempSync(join(folder, 'f-')),
    fixture: (name, ...args) => [buildFixture(folder, name), ...args.map(String)],
    env: { ...process.env, NODE_COMPILE_CACHE: join(root, '.cache/compile') },
    progress,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function buildFixture(folder: string, name: string): string {
  const outfile = join(folder, `${name}.mjs`);
  if (!existsSync(outfile)) {
    buildSync({
      entryPoints: [join(root, 'bench/fixtures', `${name}.ts`)],
      outdir: folder,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      // What is imported when needed must stay apart: a fork pays for all that is loaded.
      splitting: true,
      format: 'esm',
      platform: 'node',
      target: 'node22.18',
      packages: 'external',
    });
    // As in the build, it stands beside the code that runs it.
    copyFileSync(join(root, FORK_SERVER), join(folder, basename(FORK_SERVER)));
  }
  return outfile;
}
