import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepContext } from '../../engine/step.ts';
import { InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import { downloadFile, fileNameOf } from '../download/download-file.ts';
import { type DownloadRecord, inWorkFolder, pathOf, placeProgram } from './bin-folder.ts';
import { type FoundProgram, findProgram, probe, whichProgram } from './find-program.ts';
import type { PackageManager, ProgramPin } from './pins.ts';
import { type Release, releaseOf } from './release-url.ts';
import { lacksAssets, relocateProgram } from './relocate.ts';
import { canUnpackPackages, unpackPackage } from './unpack-package.ts';

export interface ToolPlaces {
  /** PATH, proxies, CONTEXTCORE_TOOLS_BASE_URL. */
  env: Readonly<Record<string, string | undefined>>;
  /** Folder of downloaded programs. */
  binDir: string;
}

type Context = Pick<StepContext, 'exec' | 'query' | 'progress' | 'notice' | 'signal' | 'clock' | 'guard' | 'log'>;

const COMMANDS: readonly { manager: PackageManager; program: string; command: string }[] = [
  { manager: 'apt', program: 'apt-get', command: 'sudo apt-get install' },
  { manager: 'dnf', program: 'dnf', command: 'sudo dnf install' },
  { manager: 'pacman', program: 'pacman', command: 'sudo pacman -S' },
  { manager: 'apk', program: 'apk', command: 'sudo apk add' },
  { manager: 'brew', program: 'brew', command: 'brew install' },
];

/**
 * Gives programs that are there, and after one question gets those that are not.
 *
 * @throws InstallerError `consent_needed` or `consent_declined`; `step_failed` when one cannot be had, with what was tried
 */
export async function obtainPrograms(
  ctx: Context & Pick<StepContext, 'consent'>,
  pins: readonly ProgramPin[],
  places: ToolPlaces,
): Promise<readonly FoundProgram[]> {
  const looked = await Promise.all(pins.map((pin) => findProgram(pin, { ...places, query: ctx.query })));
  const missing = pins.filter((_pin, index) => looked[index]?.found === undefined);
  if (missing.length > 0) {
    const offers = missing.map((pin) => offerOf(pin, places));
    await ctx.consent(`Get what is missing: ${missing.map((pin) => pin.name).join(', ')}?`, offers);
  }
  return await Promise.all(pins.map((pin, index) => looked[index]?.found ?? installProgram(ctx, pin, places)));
}

/** What {@link installProgram} would do, as the user is asked. */
export function offerOf(pin: ProgramPin, { binDir }: Pick<ToolPlaces, 'binDir'>): string {
  return `download ${pin.name} ${pin.version} (about ${pin.release.megabytes} MB) into ${binDir}`;
}

/** The command, or page, by which a user gets a program. */
export async function manualHint(pin: ProgramPin, env: ToolPlaces['env']): Promise<string> {
  for (const { manager, program, command } of COMMANDS) {
    const name = pin.packages[manager];
    if (name !== undefined && (await whichProgram(program, env)) !== undefined) return `${command} ${name}`;
  }
  return `see ${pin.page}`;
}

/**
 * Gets a program into the folder of downloaded ones, without asking: its pinned release, checked against the release's own
 * published sums, else the distribution's package, unpacked without installing it.
 *
 * @throws InstallerError `step_failed` with every way that was tried, and the command by which the user gets it;
 *   its class is the release's, and it is marked `exhausted` when the guard has tried that as often as it may
 */
export async function installProgram(ctx: Context, pin: ProgramPin, places: ToolPlaces): Promise<FoundProgram> {
  const failures: InstallerError[] = [];
  for (const way of await waysOf(ctx, pin, places)) {
    try {
      const record = await inWorkFolder(places.binDir, way);
      const path = join(places.binDir, pin.name);
      const answer = await probe(pin, path, ctx.query);
      if ('version' in answer) return { name: pin.name, path, version: answer.version, from: 'bin' };
      throw new InstallerError('step_failed', `${record.source}: ${path} ${answer.why}`, { class: 'not_runnable' });
    } catch (thrown) {
      ctx.signal.throwIfAborted();
      failures.push(toInstallerError(thrown));
    }
  }
  const [first] = failures;
  throw new InstallerError('step_failed', `${pin.name} is missing and could not be had`, {
    ...(first === undefined ? {} : { class: first.class, cause: first }),
    ...(first?.details.exhausted === true ? { exhausted: true } : {}),
    lines: failures.map(({ message, details }) => [message, details.tail?.at(-1)].filter(Boolean).join(': ')),
    hint: `install ${pin.name} ${pin.minVersion} or newer yourself: ${await manualHint(pin, places.env)}`,
  });
}

type Way = (folder: string) => Promise<DownloadRecord>;

async function waysOf(ctx: Context, pin: ProgramPin, { env, binDir }: ToolPlaces): Promise<readonly Way[]> {
  const now = () => new Date(ctx.clock.now());
  const release = releaseOf(pin, env.CONTEXTCORE_TOOLS_BASE_URL);
  const ways: Way[] = [];
  if (release !== undefined) {
    ways.push(async (folder) => {
      const file = await fetchRelease(ctx, pin, release, { env, binDir }, folder);
      return placeProgram(binDir, file, { name: pin.name, version: pin.version, source: release.url }, now());
    });
  }
  const { debian } = pin;
  if (debian !== undefined && (await canUnpackPackages(env))) {
    ways.push(async (folder) => {
      const { root, version } = await unpackPackage(ctx, debian.package, folder);
      const source = `package ${debian.package} ${version}`;
      const { member, assets } = debian;
      let file = join(root, member);
      if (assets !== undefined && (await lacksAssets(file, assets))) {
        const script = await relocateProgram(root, member, assets, folder, `${pathOf(binDir, pin.name, version)}.d`);
        file = join(folder, 'script');
        await writeFile(file, script);
      }
      return placeProgram(binDir, file, { name: pin.name, version, source }, now());
    });
  }
  return ways;
}

async function fetchRelease(
  ctx: Context,
  pin: ProgramPin,
  release: Release,
  { env, binDir }: ToolPlaces,
  folder: string,
): Promise<string> {
  const name = fileNameOf(release.url);
  const file = join(folder, name);
  ctx.progress(`downloading ${pin.name} ${pin.version}`);
  await downloadFile(ctx.guard, {
    urls: [release.url],
    output: file,
    // The next run goes on with what this one has received.
    keepBeside: join(binDir, name),
    sumsUrl: release.sumsUrl,
    env,
    signal: ctx.signal,
    onNotice: ctx.log,
    onProgress: ({ bytes, total }) =>
      ctx.progress(`downloading ${pin.name} ${pin.version}`, {
        done: bytes,
        ...(total === undefined ? {} : { total }),
        item: pin.name,
      }),
  });
  if (release.member === undefined) return file;
  await ctx.exec({ file: 'tar', args: ['-xzf', file, '-C', folder, release.member] });
  return join(folder, release.member);
}
