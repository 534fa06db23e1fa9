import { type ImageReference, parseReference } from '../reference.ts';
import type { Chain, ChainLink } from './chain-file.ts';

/** What may take the place of an image. */
export interface Fallback {
  reference: ImageReference;
  /** The same product, so that versions can be compared. */
  sameProduct: boolean;
  link: ChainLink;
}

/**
 * The fallbacks of an image, best first: of the first chain for its very tag, else of the first for its repository.
 *
 * @param image as it is asked for, digest and all
 */
export function findFallbacks(chains: readonly Chain[], image: ImageReference): readonly Fallback[] {
  const ofRepository = chains.filter((chain) => {
    const { registry, repository } = parseReference(chain.image);
    return registry === image.registry && repository === image.repository;
  });
  const exact = ofRepository.find((chain) => hasTag(chain.image) && parseReference(chain.image).tag === image.tag);
  const found = exact ?? ofRepository.find((chain) => !hasTag(chain.image));
  return (found?.fallbacks ?? []).map((link) => ({ link, ...resolveLink(link, image) }));
}

function resolveLink(link: ChainLink, image: ImageReference): Omit<Fallback, 'link'> {
  const { registry, repository, ...version } = parseReference(link.image);
  const isOwn = registry === image.registry && repository === image.repository;
  const keepsTag = !hasTag(link.image);
  const { tag, digest } = keepsTag ? image : { digest: undefined, ...version };
  return {
    reference: {
      registry,
      repository,
      ...(tag === undefined ? {} : { tag }),
      ...(digest === undefined ? {} : { digest }),
    },
    sameProduct: isOwn || (link.same_product ?? keepsTag),
  };
}

/** Whether a tag or digest was written; the parsed form cannot tell, since it completes them. */
function hasTag(text: string): boolean {
  return text.includes('@') || text.slice(text.lastIndexOf('/') + 1).includes(':');
}
