import { InstallerError } from '../../errors/installer-error.ts';
import { type CheckedImage, checkImages } from '../../images/check-images.ts';
import { imagesOf, readSources } from '../../images/find/read-sources.ts';
import { formatPlatform } from '../../images/platform.ts';
import { familiarReference } from '../../images/reference.ts';
import { createPaint, type Paint } from '../../ui/paint.ts';
import { imagePaths, openImageSession } from '../image-session.ts';
import type { Invocation } from '../program.ts';
import { type Terminal, viewOf } from '../terminal.ts';

/**
 * `images check FILE...`: whether every image can be had.
 *
 * @returns exit code
 * @throws InstallerError naming those that cannot, each with its places
 */
export async function imagesCheck({ flags, list }: Invocation, terminal: Terminal): Promise<number> {
  const sources = await readSources(imagePaths(list), terminal.env);
  const session = await openImageSession('images check', flags, terminal);
  try {
    const { api, guard, signal, platform, known } = session;
    const checked = await checkImages(imagesOf(sources), {
      api,
      guard,
      signal,
      platform,
      known,
      env: terminal.env,
      local: flags.local !== false,
      mirror: flags['image-mirror'] as string | undefined,
    });
    const missing = checked.filter(({ found }) => found === undefined);
    if (flags.json === true) {
      const answer = { ok: missing.length === 0, platform: formatPlatform(platform), images: checked.map(toJson) };
      terminal.stdout.write(`${JSON.stringify(answer)}\n`);
    } else if (checked.length === 0) {
      terminal.stderr.write(`no images are asked for in ${list.join(', ')}\n`);
    } else if (flags.quiet !== true) {
      const view = viewOf(terminal.stdout, terminal, flags.color as boolean | undefined);
      terminal.stdout.write(`${imageTable(checked, createPaint(view.color)).join('\n')}\n`);
    }
    if (missing.length > 0) throw cannotBeHad(missing, checked.length, list);
    return 0;
  } finally {
    await session.close();
  }
}

/** An image as `--json` tells it. */
function toJson({ text, reference, places, found, digest, platform, error }: CheckedImage): object {
  return {
    image: text,
    ...(reference === undefined ? {} : { reference: familiarReference(reference) }),
    available: found !== undefined,
    ...(found === undefined ? {} : { found }),
    ...(digest === undefined ? {} : { digest }),
    platform: formatPlatform(platform),
    ...(error === undefined ? {} : { error: { class: error.class, message: error.message } }),
    places: places.map(({ file, line, by }) => ({ file, line, ...(by === '' ? {} : { by }) })),
  };
}

/** A line for each image: whether it can be had, how, its digest, its platform, where it is asked for. */
function imageTable(checked: readonly CheckedImage[], paint: Paint): readonly string[] {
  const rows = checked.map((image) => ({
    image,
    name: image.reference === undefined ? image.text : familiarReference(image.reference),
    found: image.found ?? (image.error?.class ?? 'unknown').replaceAll('_', ' '),
  }));
  const width = (key: 'name' | 'found') => Math.max(...rows.map((row) => row[key].length));
  const [nameWidth, foundWidth] = [width('name'), width('found')];
  return rows.map(({ image: { found, digest, platform, places }, name, found: how }) => {
    const mark = found === undefined ? paint.failed('✗') : paint.done('✓');
    const hex = found === undefined ? '-' : (digest?.slice(0, 'sha256:'.length + 12) ?? 'made here');
    const [first] = places;
    const more = places.length > 1 ? ` and ${places.length - 1} more` : '';
    const where = first === undefined ? '' : paint.dim(`${first.file}:${first.line}${more}`);
    return `${mark} ${name.padEnd(nameWidth)}  ${how.padEnd(foundWidth)}  ${hex.padEnd(19)}  ${formatPlatform(platform)}  ${where}`;
  });
}

function cannotBeHad(missing: readonly CheckedImage[], total: number, files: readonly string[]): InstallerError {
  const names = missing.map(({ text }) => text).join(', ');
  const gone = missing.some(({ error }) => error?.class === 'not_found' || error?.class === 'unauthorized');
  return new InstallerError('step_failed', `${missing.length} of ${total} images cannot be had: ${names}`, {
    lines: missing.flatMap(({ places, error }) =>
      places.map(({ file, line }) => `${file}:${line}: ${error?.message ?? 'it cannot be told why'}`),
    ),
    hint: gone
      ? `contextcore-install images fix ${files.join(' ')} looks for what can take their place`
      : (missing[0]?.error?.details.hint ?? 'the same command again asks again'),
  });
}
