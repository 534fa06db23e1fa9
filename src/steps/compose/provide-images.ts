import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Outputs } from '../../engine/record.ts';
import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { readChains } from '../../images/chains/chain-file.ts';
import { type CheckedImage, type CheckOptions, checkImages, lookUpImage } from '../../images/check-images.ts';
import { imagesOf, readSources } from '../../images/find/read-sources.ts';
import { type Fix, planFixes } from '../../images/fix/plan-fixes.ts';
import { CHANGE_NAMES, type Change, isWithin } from '../../images/fix/version-change.ts';
import { fixSources, writeFixed } from '../../images/fix/write-fixes.ts';
import { openKnownPlatforms } from '../../images/known-platforms.ts';
import { containerPlatform } from '../../images/platform.ts';
import { familiarReference } from '../../images/reference.ts';
import { openRegistryApi } from '../../images/registry/api.ts';
import { dockerCredentials } from '../../images/registry/credentials.ts';
import type { CommandPlace } from '../command.ts';

/** What may be written into the files for an image that is gone: nothing, or a change no larger than this without asking. */
export type FixLimit = Change | 'never';

/**
 * Sees to it that every image of compose files is in Docker: asked for at its registry first, replaced by the first of
 * its chain that can be had, pulled.
 *
 * @param files absolute paths; changed ones are kept as dated copies
 * @throws InstallerError naming images that cannot be had; `consent_needed`, `consent_declined` with nothing written
 */
export async function provideImages(
  ctx: StepContext,
  files: readonly string[],
  limit: FixLimit,
  place: CommandPlace,
): Promise<Outputs> {
  const env = { ...ctx.env, ...place.env };
  const home = env.CONTEXTCORE_HOME || join(homedir(), '.contextcore');
  const api = openRegistryApi({ env, credentials: dockerCredentials(env), now: () => ctx.clock.now(), plainHttp: [] });
  const known = await openKnownPlatforms(join(home, 'image-platforms.json'));
  const platform = containerPlatform(process.arch);
  const options: CheckOptions = { api, guard: ctx.guard, env, platform, known, local: true, signal: ctx.signal };
  try {
    const look = async () => {
      const sources = await readSources(files, env);
      ctx.progress('checking images');
      return { sources, checked: await checkImages(imagesOf(sources), options) };
    };
    const first = await look();
    if (first.checked.every(({ found }) => found !== undefined)) return await pull(ctx, first.checked, place);
    if (limit === 'never') throw cannotBeHad(first.checked);
    const chains = readChains(home, []);
    const { fixes, unfixed } = await planFixes(first.checked, chains, (image, on) => lookUpImage(image, on, options));
    if (unfixed.length > 0) throw cannotBeHad(unfixed.map(({ image }) => image));
    await askFor(ctx, fixes, limit);
    for (const file of fixSources(first.sources, fixes)) {
      const copy = await writeFixed(file, new Date(ctx.clock.now()));
      for (const line of file.difference) ctx.log(line);
      ctx.notice(`${file.file} was changed; as it was: ${copy}`, 'warning');
    }
    for (const fix of fixes) ctx.notice(`image ${describeFix(fix)}`, 'warning');
    const pulled = await pull(ctx, (await look()).checked, place);
    return { ...pulled, images_fixed: fixes.map(describeFix).join('; ') };
  } finally {
    await api.close();
    await known.save();
  }
}

/** More than is allowed, pins that move, and what may only need a login. */
async function askFor(ctx: StepContext, fixes: readonly Fix[], limit: Change): Promise<void> {
  const asked = fixes.filter((fix) => fix.unpins || fix.mayNeedLogin || !isWithin(fix.change, limit));
  if (asked.length > 0) await ctx.consent('Write these images into the compose file?', asked.map(describeFix));
}

function describeFix({ image, to, change, unpins }: Fix): string {
  return `${image.text} -> ${to}: ${CHANGE_NAMES[change]}${unpins ? ', pinned to another digest' : ''}`;
}

/** Each image that Docker has not, by its own registry's policy and breaker. */
async function pull(ctx: StepContext, checked: readonly CheckedImage[], place: CommandPlace): Promise<Outputs> {
  const missing = checked.flatMap(({ found, reference, text }) =>
    found === 'registry' && reference ? [{ reference, text }] : [],
  );
  const given = {
    ...(place.env === undefined ? {} : { env: place.env }),
    ...(place.secrets === undefined ? {} : { secrets: place.secrets }),
  };
  for (const [done, { reference, text }] of missing.entries()) {
    ctx.progress(`pulling ${text}`, { done, total: missing.length, item: text });
    await ctx.guard.call(
      { kind: 'registry', name: reference.registry },
      ({ signal }) =>
        ctx.exec({ file: 'docker', args: ['pull', '--quiet', familiarReference(reference)], signal, ...given }),
      { profile: 'install' },
    );
  }
  return { images: checked.length, images_pulled: missing.length };
}

function cannotBeHad(images: readonly CheckedImage[]): InstallerError {
  const bad = images.filter(({ found }) => found === undefined);
  return new InstallerError('step_failed', `cannot be had: ${bad.map(({ text }) => text).join(', ')}`, {
    exhausted: true,
    lines: bad.flatMap(({ places, error }) =>
      places.map(({ file, line }) => `${file}:${line}: ${error?.message ?? ''}`),
    ),
    hint: 'nothing was started; add a chain for it to $CONTEXTCORE_HOME/image-chains.yaml, or name another image',
  });
}
