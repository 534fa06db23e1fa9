import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What a minimal system has: everything that set-up itself may use, and neither Node.js nor npm. */
const TOOLS = 'sh env uname mkdir rm rmdir mv cp cat cmp sed tar gzip sha256sum curl sleep readlink touch ls'.split(
  ' ',
);

export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface Started {
  pid: number;
  /** Resolves when stderr holds the text. */
  seen(text: string): Promise<void>;
  ended: Promise<Ended>;
}

/** A folder with everything a test of the launchers makes, in a path with a space; removed by `remove`. */
export interface Ground {
  folder: string;
  /** The repository's files as git would hand them out, with what is not committed yet; no dependencies. */
  clone(name: string): string;
  /** A folder for the PATH with a minimal system's tools, and further programs by name. */
  path(name: string, programs?: Readonly<Record<string, string>>): string;
  start(program: string, args: readonly string[], options: StartOptions): Started;
  run(program: string, args: readonly string[], options: StartOptions): Promise<Ended>;
  remove(): void;
}

export interface StartOptions {
  path: string;
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  uid?: number;
}

export function makeGround(): Ground {
  const folder = mkdtempSync(join(tmpdir(), 'ccx launch-'));
  const home = join(folder, 'home');
  mkdirSync(home);
  const ground: Ground = {
    folder,
    clone(name) {
      const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
        cwd: repository,
        encoding: 'utf8',
      });
      for (const file of files.split('\0').filter((path) => path !== '' && existsSync(join(repository, path)))) {
        cpSync(join(repository, file), join(folder, name, file));
      }
      return join(folder, name);
    },
    path(name, programs = {}) {
      const bin = join(folder, name);
      mkdirSync(bin);
      for (const tool of TOOLS) symlinkSync(which(tool), join(bin, tool));
      for (const [program, target] of Object.entries(programs)) symlinkSync(target, join(bin, program));
      return bin;
    },
    start: (program, args, options) =>
      startProgram(program, args, { HOME: home, npm_config_cache: npmCache() }, options),
    run: (program, args, options) => ground.start(program, args, options).ended,
    // npm may write for a moment after it was killed.
    remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }),
  };
  return ground;
}

function startProgram(
  program: string,
  args: readonly string[],
  base: Readonly<Record<string, string>>,
  options: StartOptions,
): Started {
  const child = spawn(program, args, {
    cwd: options.cwd ?? '/',
    env: { ...process.env, ...base, PATH: options.path, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  const seen = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (stderr.includes(text)) resolve();
      };
      child.stderr.on('data', look);
      child.once('close', () => reject(new Error(`ended without saying "${text}": ${stderr}`)));
      look();
    });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
  return { pid: child.pid ?? 0, seen, ended };
}

/** Real path of a program on the PATH, without the folders that our own tools put there. */
export function which(program: string): string {
  const found = allOf(program)[0];
  if (found === undefined) throw new Error(`${program} is not on the PATH`);
  return realpathSync(found);
}

function allOf(program: string): readonly string[] {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, program))
    .filter((path) => existsSync(path));
}

/** A system's own Node.js that is too old for us, with its npm. */
export function findOldNode(): { node: string; npm: string } | undefined {
  for (const node of allOf('node')) {
    const [major = 0] = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' })
      .split('.')
      .map(Number);
    const npm = join(dirname(node), 'npm');
    if (major < 22 && existsSync(npm)) return { node: realpathSync(node), npm: realpathSync(npm) };
  }
  return undefined;
}

function npmCache(): string {
  return execFileSync('npm', ['config', 'get', 'cache'], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  }).trim();
}
