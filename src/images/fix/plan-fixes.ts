import type { InstallerError } from '../../errors/installer-error.ts';
import { toInstallerError } from '../../errors/installer-error.ts';
import type { Chain, ChainLink } from '../chains/chain-file.ts';
import { type Fallback, findFallbacks } from '../chains/find-chain.ts';
import type { CheckedImage } from '../check-images.ts';
import type { InspectedImage } from '../inspect-image.ts';
import { mapLimited } from '../map-limited.ts';
import type { Platform } from '../platform.ts';
import { familiarReference, type ImageReference } from '../reference.ts';
import { type Change, nameChange } from './version-change.ts';

/** What will stand in the place of an image that cannot be had. */
export interface Fix {
  image: CheckedImage;
  /** As it will be written. */
  to: string;
  change: Change;
  /** It was pinned by a digest, and the content will be another. */
  unpins: boolean;
  /** The registry wants a login: perhaps the image is there, and only that is missing. */
  mayNeedLogin: boolean;
  link: ChainLink;
  /** Links of the chain before this one, and why they were not taken. */
  passedOver: readonly { image: string; why: string }[];
}

/** An image that stays as it is, and why. */
export interface Unfixed {
  image: CheckedImage;
  why: string;
}

/** Asks a registry, with retries. @throws InstallerError why it cannot be had */
export type LookUp = (reference: ImageReference, platform: Platform) => Promise<InspectedImage>;

const LIMIT = 8;
/** What a registry says of images that it has not; that it is ill will pass, and is no reason to change versions. */
const GONE: readonly string[] = ['not_found', 'unauthorized'];

/**
 * Finds for each image that cannot be had the first of its chain that can.
 *
 * @param checked results of a check; those that can be had are left out
 */
export async function planFixes(
  checked: readonly CheckedImage[],
  chains: readonly Chain[],
  lookUp: LookUp,
): Promise<{ fixes: readonly Fix[]; unfixed: readonly Unfixed[] }> {
  const broken = checked.filter(({ found }) => found === undefined);
  const planned = await mapLimited(broken, LIMIT, (image) => planFix(image, chains, lookUp));
  return {
    fixes: planned.flatMap((one) => ('to' in one ? [one] : [])),
    unfixed: planned.flatMap((one) => ('why' in one ? [one] : [])),
  };
}

async function planFix(image: CheckedImage, chains: readonly Chain[], lookUp: LookUp): Promise<Fix | Unfixed> {
  const { reference, error, platform } = image;
  if (reference === undefined || (error !== undefined && !GONE.includes(error.class))) {
    return { image, why: error?.message ?? 'it cannot be told' };
  }
  if (image.places.every(({ range }) => range === undefined)) {
    return { image, why: 'it is written with variables: change these' };
  }
  const fallbacks = findFallbacks(chains, reference);
  if (fallbacks.length === 0) return { image, why: 'there is no chain for it' };
  const passedOver: { image: string; why: string }[] = [];
  for (const fallback of fallbacks) {
    try {
      return makeFix(image, reference, fallback, await lookUp(fallback.reference, platform), passedOver);
    } catch (thrown) {
      const failure: InstallerError = toInstallerError(thrown);
      if (failure.class === 'cancelled') throw failure;
      passedOver.push({ image: familiarReference(fallback.reference), why: failure.message });
    }
  }
  return { image, why: `none of its chain can be had: ${passedOver.map((one) => one.image).join(', ')}` };
}

function makeFix(
  image: CheckedImage,
  from: ImageReference,
  { reference, sameProduct, link }: Fallback,
  { digest }: InspectedImage,
  passedOver: Fix['passedOver'],
): Fix {
  const isOtherContent = from.digest !== undefined && digest !== from.digest;
  // What was pinned stays pinned, to what was found.
  const to = isOtherContent ? { ...reference, digest } : reference;
  const change = nameChange(from, reference, sameProduct);
  const mayNeedLogin = image.error?.class === 'unauthorized';
  return { image, to: familiarReference(to), change, unpins: isOtherContent, mayNeedLogin, link, passedOver };
}
