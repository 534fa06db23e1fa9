import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { whichProgram } from './find-program.ts';

type Context = Pick<StepContext, 'exec' | 'query' | 'progress' | 'guard'>;

/** The system's own package sources, whichever hosts they are. */
const SOURCES = { kind: 'apt', name: 'sources' } as const;

/** Tells whether packages of this system can be fetched and unpacked by anybody, without installing them. */
export async function canUnpackPackages(env: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const needed = await Promise.all(['apt-get', 'dpkg-deb'].map((program) => whichProgram(program, env)));
  return needed.every((path) => path !== undefined);
}

/**
 * Fetches a Debian package, checked by apt against its signed lists, and unpacks it. The system stays as it is: apt's
 * caches, and its lists where the system's are missing or out of date, lie in `folder`.
 *
 * @param folder empty, and the caller's to remove
 * @returns where it was unpacked, and the package's version
 * @throws InstallerError with the end of apt's output
 */
export async function unpackPackage(
  ctx: Context,
  name: string,
  folder: string,
): Promise<{ root: string; version: string }> {
  const [shared, own] = await writeConfigs(folder);
  const apt = (config: string, args: readonly string[], signal?: AbortSignal) =>
    ctx.exec({
      file: 'apt-get',
      args: ['-c', config, ...args],
      cwd: folder,
      env: { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
      ...(signal === undefined ? {} : { signal }),
    });
  const guarded = (args: readonly string[]) => ctx.guard.call(SOURCES, ({ signal }) => apt(own, args, signal));

  ctx.progress(`fetching the package ${name}`);
  try {
    // Without lists this fails at once, and says nothing of the sources.
    await apt(shared, ['download', name]);
  } catch (thrown) {
    ignoreFailure(thrown);
    ctx.progress(`fetching package lists, for the package ${name}`);
    // One source of many that does not answer is no reason to stop: the download itself tells.
    await guarded(['update']).catch(ignoreFailure);
    await guarded(['download', name]);
  }
  return await unpack(ctx, name, folder);
}

/** Two apt configurations, read after the system's own: with the system's package lists, and with lists inside `folder`. */
async function writeConfigs(folder: string): Promise<readonly [string, string]> {
  await mkdir(join(folder, 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  const common = [
    `Dir::Cache "${join(folder, 'cache')}";`,
    // The folder is private to the user who runs this; apt's own user could not write there.
    'APT::Sandbox::User "root";',
    'Acquire::Retries "0"; Acquire::http::Timeout "15"; Acquire::https::Timeout "15";',
    'Acquire::Languages "none";',
    // Hooks of the system, such as one that empties its package cache, are none of our business.
    '#clear APT::Update::Pre-Invoke;',
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
  ];
  const [shared, own] = [join(folder, 'shared.conf'), join(folder, 'own.conf')];
  await writeFile(shared, `${common.join('\n')}\n`);
  await writeFile(own, `${[...common, `Dir::State::lists "${join(folder, 'lists')}";`].join('\n')}\n`);
  return [shared, own];
}

async function unpack(ctx: Context, name: string, folder: string): Promise<{ root: string; version: string }> {
  const file = (await readdir(folder)).find((entry) => entry.endsWith('.deb'));
  if (file === undefined) throw new InstallerError('step_failed', `apt-get download ${name} left no package`);
  const root = join(folder, 'root');
  await ctx.exec({ file: 'dpkg-deb', args: ['-x', join(folder, file), root] });
  const version = await ctx.query({ file: 'dpkg-deb', args: ['-f', join(folder, file), 'Version'] });
  return { root, version: version.stdout.trim() };
}

function ignoreFailure(thrown: unknown): void {
  if (!(thrown instanceof InstallerError)) throw thrown;
}
