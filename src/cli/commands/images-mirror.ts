import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import { groupImages } from '../../images/check-images.ts';
import { imagesOf, readSources } from '../../images/find/read-sources.ts';
import { mirrorConfig } from '../../images/mirror/mirror-config.ts';
import { type Mirrored, type MirrorJob, mirrorImages, planMirror } from '../../images/mirror/mirror-images.ts';
import { readMirror } from '../../images/mirrored-name.ts';
import { formatPlatform } from '../../images/platform.ts';
import { familiarReference } from '../../images/reference.ts';
import { imagePaths, openImageSession } from '../image-session.ts';
import type { Invocation } from '../program.ts';
import type { Terminal } from '../terminal.ts';

const OUTPUT = 'image-mirror';

/**
 * `images mirror FILE... --to REGISTRY`: copies the images, and writes what makes others use the copies.
 *
 * @returns exit code
 * @throws InstallerError naming those that could not be copied; the next call copies only what is missing
 */
export async function imagesMirror({ flags, list }: Invocation, terminal: Terminal): Promise<number> {
  if (flags.to === undefined) {
    throw new InstallerError('usage', 'images mirror needs --to', {
      hint: 'the registry that the images are copied into, such as --to registry.example:5000/hub',
    });
  }
  const prefix = readMirror(String(flags.to), '--to');
  const sources = await readSources(imagePaths(list), terminal.env);
  const session = await openImageSession('images mirror', flags, terminal);
  try {
    const { api, guard, signal, platform } = session;
    const all = flags['all-platforms'] === true;
    if (all && flags.platform !== undefined) {
      throw new InstallerError('usage', '--platform and --all-platforms exclude each other');
    }
    const jobs = planMirror(groupImages(imagesOf(sources), { platform, mirror: undefined }), prefix, all);
    const tellLine = (line: string) => flags.quiet !== true && terminal.stderr.write(`${line}\n`);
    if (flags['dry-run'] === true) {
      for (const job of jobs) tellLine(`would copy  ${describeJob(job)}`);
      return 0;
    }
    const done = await mirrorImages(jobs, { api, guard, signal }, (one) => tellLine(describeDone(one)));
    const folder = String(flags.output ?? OUTPUT);
    const written = await writeFiles(folder, mirrorConfig(prefix, sources, done));
    const failed = done.flatMap((one) => ('error' in one ? [one] : []));
    if (flags.json === true) {
      const answer = { ok: failed.length === 0, mirror: prefix, images: done.map(toJson), files: written };
      terminal.stdout.write(`${JSON.stringify(answer)}\n`);
    } else {
      for (const path of written) tellLine(`written: ${path}`);
    }
    if (failed.length > 0) throw notCopied(failed, done.length);
    return 0;
  } finally {
    await session.close();
  }
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    await writeFile(path, text);
    paths.push(relative('.', path).startsWith('..') ? path : relative('.', path));
  }
  return paths;
}

function describeJob({ from, to, platform }: MirrorJob): string {
  const which = platform === undefined ? 'all platforms' : formatPlatform(platform);
  return `${familiarReference(from)} -> ${familiarReference(to)} (${which})`;
}

function describeDone(done: Mirrored): string {
  if ('error' in done) return `failed      ${describeJob(done)}: ${done.error.message}`;
  if (done.copied.wasThere) return `was there   ${describeJob(done)}`;
  return `copied      ${describeJob(done)}, ${(done.copied.bytes / 1e6).toFixed(1)} MB sent`;
}

function toJson(done: Mirrored): object {
  const { from, to, platform } = done;
  return {
    image: familiarReference(from),
    target: familiarReference(to),
    platform: platform === undefined ? 'all' : formatPlatform(platform),
    ...('error' in done
      ? { error: { class: done.error.class, message: done.error.message } }
      : { digest: done.copied.digest, bytes: done.copied.bytes, was_there: done.copied.wasThere }),
  };
}

function notCopied(failed: readonly (MirrorJob & { error: InstallerError })[], total: number): InstallerError {
  const names = failed.map(({ from }) => familiarReference(from)).join(', ');
  return new InstallerError('step_failed', `${failed.length} of ${total} images were not copied: ${names}`, {
    lines: failed.flatMap(({ image, error }) =>
      image.places.map(
        ({ file, line }) => `${file}:${line}: ${[error.message, ...(error.details.lines ?? [])].join(', ')}`,
      ),
    ),
    hint: failed[0]?.error.details.hint ?? 'the same command again copies only what is missing',
  });
}
