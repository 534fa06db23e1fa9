import * as z from 'zod';
import { fits, type Platform } from './platform.ts';
import { formatReference, type ImageReference, parseReference } from './reference.ts';

export interface LocalImage {
  /** By its registry; absent when it was made here. */
  digest?: string;
  platform: Platform;
}

/** Finds an image among those that Docker has here. */
export type FindLocal = (image: ImageReference, wanted: Platform) => LocalImage | undefined;

const ASK_TIMEOUT_MS = 20_000;
/** What is read of `docker image inspect`. */
const inspected = z.array(
  z.object({
    RepoTags: z.array(z.string()).nullish(),
    RepoDigests: z.array(z.string()).nullish(),
    Os: z.string(),
    Architecture: z.string(),
    Variant: z.string().nullish(),
  }),
);

/** Asks Docker once for all of the images. Without a Docker that answers, none is here. Never rejects. */
export async function findLocalImages(
  images: readonly ImageReference[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<FindLocal> {
  if (images.length === 0) return () => undefined;
  // Loading it takes longer than asking many registries.
  const { execa } = await import('execa');
  const names = [...new Set(images.map(formatReference))];
  const answer = await execa('docker', ['image', 'inspect', ...names], {
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
    timeout: ASK_TIMEOUT_MS,
  });
  // Docker prints those that it has, and complains about the rest.
  return readInspected(typeof answer.stdout === 'string' ? answer.stdout : '');
}

/** @param json output of `docker image inspect` */
export function readInspected(json: string): FindLocal {
  const known = new Map<string, LocalImage>();
  for (const { RepoTags, RepoDigests, Os, Architecture, Variant } of parseInspected(json)) {
    const platform = { os: Os, architecture: Architecture, ...(Variant ? { variant: Variant } : {}) };
    const byDigest = (RepoDigests ?? []).flatMap(readName);
    for (const name of byDigest) known.set(formatReference(name), { platform, ...digestOf(name) });
    for (const name of (RepoTags ?? []).flatMap(readName)) {
      const same = byDigest.find(
        ({ registry, repository }) => registry === name.registry && repository === name.repository,
      );
      known.set(formatReference(name), { platform, ...digestOf(same) });
    }
  }
  return (image, wanted) => {
    const { tag: _tag, ...pinned } = image;
    const found = known.get(formatReference(image.digest === undefined ? image : pinned));
    return found !== undefined && fits(found.platform, wanted) ? found : undefined;
  };
}

function digestOf(name: ImageReference | undefined): { digest?: string } {
  return name?.digest === undefined ? {} : { digest: name.digest };
}

function parseInspected(json: string): z.infer<typeof inspected> {
  try {
    return inspected.parse(JSON.parse(json));
  } catch {
    return [];
  }
}

/** Docker also lists what has no name: `<none>:<none>`. */
function readName(text: string): ImageReference[] {
  try {
    return [parseReference(text)];
  } catch {
    return [];
  }
}
