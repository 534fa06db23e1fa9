import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface ChildOptions {
  cwd?: string;
  env?: Readonly<Record<string, string | undefined>>;
  /** The only one that is no failure. Default: 0. */
  exitCode?: number;
}

export interface ChildRun {
  /** Wall time from start to exit. */
  ms: number;
  /** When it had ended, in milliseconds since the epoch. */
  endedAt: number;
  stdout: string;
}

/** Runs a program to its end. @throws Error with its stderr unless it exits as it should */
export async function runChild(file: string, args: readonly string[], options: ChildOptions = {}): Promise<ChildRun> {
  const { exitCode = 0, env = process.env, cwd } = options;
  const start = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env, ...(cwd === undefined ? {} : { cwd }) });
  let ms = 0;
  let endedAt = 0;
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr = (stderr + chunk).slice(-4000);
  });
  child.once('exit', () => {
    ms = performance.now() - start;
    endedAt = Date.now();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== exitCode) throw new Error(`${file} ${args.join(' ')} ended with ${code}: ${stderr}`);
  return { ms, endedAt, stdout };
}

/** Path of a program on the PATH. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
