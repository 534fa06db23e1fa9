import { spawn } from 'node:child_process';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatCaptured } from './captured.ts';
import type { Case } from './case.ts';

const IMAGE = 'local/debian:bookworm-slim';
const LIMIT_MS = 120_000;
const LONGEST = 6000;
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/**
 * Runs a case in a folder of its own, which is also its HOME, and returns the captured text.
 *
 * @param ca path of a certificate that is put there as ca.crt
 * @throws Error when it takes longer than two minutes, or succeeds
 */
export async function capture({ name, class: errorClass, run, before, inside }: Case, ca: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'evidence-'));
  try {
    await copyFile(ca, join(folder, 'ca.crt'));
    const line = before === undefined ? run : `{ ${before}\n} >/dev/null 2>&1 </dev/null\n${run}`;
    const words = inside === undefined ? ['sh', '-c', line] : containerWords(line, inside);
    const { output, exit } = await runWords(words, folder);
    if (exit === 0) throw new Error(`${name}: exited with 0\n${output}`);
    return formatCaptured({ command: run, exit, class: errorClass, output: anonymous(output, folder) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function anonymous(output: string, folder: string): string {
  const text = output
    .replaceAll(folder, '/home/me')
    .replaceAll(ROOT, '/home/me/installer/')
    .replaceAll(homedir(), '/home/me');
  return text.length > LONGEST ? `${text.slice(0, LONGEST / 3)}\n[cut]\n${text.slice((-LONGEST * 2) / 3)}` : text;
}

function containerWords(line: string, options: readonly string[]): string[] {
  const env = ['-e', 'LC_ALL=C.UTF-8', '-e', 'DEBIAN_FRONTEND=noninteractive'];
  return ['docker', 'run', '--rm', '--init', '--network', 'host', ...env, ...options, IMAGE, 'sh', '-c', line];
}

function runWords([file = '', ...args]: readonly string[], folder: string): Promise<{ output: string; exit: number }> {
  const { PATH, DOCKER_HOST } = process.env;
  const env = {
    PATH,
    HOME: folder,
    LC_ALL: 'C.UTF-8',
    GIT_TERMINAL_PROMPT: '0',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    NODE_PATH: join(ROOT, 'node_modules'),
  };
  const child = spawn(file, args, {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: DOCKER_HOST === undefined ? env : { ...env, DOCKER_HOST },
    timeout: LIMIT_MS,
  });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (exit, signal) => {
      if (exit === null) reject(new Error(`ended by ${signal}: ${args.join(' ')}`));
      else resolve({ output: Buffer.concat(chunks).toString(), exit });
    });
  });
}
