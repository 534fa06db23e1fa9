import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const UV = '0.13.9';
const PYPISERVER = '2.4.1';
const CACHE = join(homedir(), '.cache/contextcore-test');
const LIMIT_MS = 170_000;

/** Where uv and pypiserver are, once {@link obtainPythonTools} has put them there. */
export const pythonTools = join(CACHE, `uv@${UV}-pypiserver@${PYPISERVER}`);
/** The folder of the program uv. */
export const uvFolder = join(pythonTools, 'bin');

/**
 * Puts uv and pypiserver from PyPI into a cache folder, once for all tests.
 *
 * @returns why they cannot be had
 */
export function obtainPythonTools(): string | undefined {
  if (existsSync(join(uvFolder, 'uv'))) return undefined;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'python-tools-'));
  const words = ['-m', 'pip', 'install', '--quiet', '--only-binary=:all:', '--target', folder];
  try {
    execFileSync('python3', [...words, `uv==${UV}`, `pypiserver==${PYPISERVER}`], { stdio: 'pipe', timeout: LIMIT_MS });
    renameSync(folder, pythonTools);
  } catch (thrown) {
    rmSync(folder, { recursive: true, force: true });
    if (!existsSync(join(uvFolder, 'uv'))) {
      return `uv and pypiserver cannot be had: ${(thrown as Error).message.split('\n')[0]}`;
    }
  }
  return undefined;
}
