import { arch, homedir } from 'node:os';
import { join } from 'node:path';
import type { Outputs } from '../../engine/record.ts';
import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { calmGuard } from '../../images/calm-guard.ts';
import { readChains } from '../../images/chains/chain-file.ts';
import { type CheckedImage, type CheckOptions, checkImages, lookUpImage } from '../../images/check-images.ts';
import { imagesOf, readSources } from '../../images/find/read-sources.ts';
import { describeFix, fixesToAskFor } from '../../images/fix/describe-fix.ts';
import { planFixes } from '../../images/fix/plan-fixes.ts';
import type { Change } from '../../images/fix/version-change.ts';
import { fixSources, writeFixed } from '../../images/fix/write-fixes.ts';
import { openKnownPlatforms } from '../../images/known-platforms.ts';
import { containerPlatform } from '../../images/platform.ts';
import { HUB } from '../../images/reference.ts';
import { openRegistryApi } from '../../images/registry/api.ts';
import { dockerCredentials } from '../../images/registry/credentials.ts';
import type { CommandPlace } from '../command.ts';

/** What may be written into the files for an image that is gone: nothing, or a change no larger than this without asking. */
export type FixLimit = Change | 'never';

export interface SettledImages {
  checked: readonly CheckedImage[];
  /** What was written, for the record of the step. */
  outputs: Outputs;
}

/**
 * Sees to it that every image of files can be had: asked for at its registry, and replaced in the file by the first of its
 * chain where it is gone.
 *
 * @param files absolute paths; changed ones are kept as dated copies
 * @throws InstallerError naming images that cannot be had; `consent_needed`, `consent_declined` with nothing written
 */
export async function settleImages(
  ctx: StepContext,
  files: readonly string[],
  limit: FixLimit,
  place: CommandPlace,
): Promise<SettledImages> {
  const env = { ...ctx.env, ...place.env };
  const home = env.CONTEXTCORE_HOME || join(homedir(), '.contextcore');
  const api = openRegistryApi({ env, credentials: dockerCredentials(env), now: () => ctx.clock.now(), plainHttp: [] });
  const known = await openKnownPlatforms(join(home, 'image-platforms.json'));
  const platform = containerPlatform(arch());
  const options: CheckOptions = { api, guard: ctx.guard, env, platform, known, local: true, signal: ctx.signal };
  try {
    const look = async () => {
      const sources = await readSources(files, env);
      ctx.progress('checking images');
      return { sources, checked: await checkImages(imagesOf(sources), options) };
    };
    const first = await look();
    if (first.checked.every(({ found }) => found !== undefined)) return { checked: first.checked, outputs: {} };
    if (limit === 'never') throw cannotBeHad(first.checked);
    const calm = { ...options, guard: calmGuard(ctx.guard) };
    const chains = readChains(home, []);
    const { fixes, unfixed } = await planFixes(first.checked, chains, (image, on) => lookUpImage(image, on, calm));
    if (unfixed.length > 0) throw cannotBeHad(unfixed.map(({ image }) => image));
    const asked = fixesToAskFor(fixes, limit);
    if (asked.length > 0) await ctx.consent('Write these images into the files?', asked.map(describeFix));
    for (const file of fixSources(first.sources, fixes)) {
      const copy = await writeFixed(file, new Date(ctx.clock.now()));
      for (const line of file.difference) ctx.log(line);
      ctx.notice(`${file.file} was changed; as it was: ${copy}`, 'warning');
    }
    for (const fix of fixes) {
      ctx.notice(`image ${describeFix(fix)}`, 'warning');
      ctx.guard.replaced({ kind: 'registry', name: fix.image.reference?.registry ?? HUB }, fix.to, false);
    }
    return { checked: (await look()).checked, outputs: { images_fixed: fixes.map(describeFix).join('; ') } };
  } finally {
    await api.close();
    await known.save();
  }
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
