import type { ErrorClass } from '../../errors/error-class.ts';
import { type InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import { readChains } from '../../images/chains/chain-file.ts';
import { findFallbacks } from '../../images/chains/find-chain.ts';
import { inspectImage } from '../../images/inspect-image.ts';
import { mapLimited } from '../../images/map-limited.ts';
import { containerPlatform } from '../../images/platform.ts';
import { familiarReference, parseReference } from '../../images/reference.ts';
import { openRegistryApi } from '../../images/registry/api.ts';
import { dockerCredentials } from '../../images/registry/credentials.ts';
import type { Check, CheckEnv, Finding } from '../../steps/preflight/check.ts';
import type { MissingImages } from '../../steps/preflight/checks/network.ts';

const TIMEOUT_MS = 20_000;
const AT_ONCE = 8;
/** Waiting changes nothing about these. A registry that cannot be reached is another check's. */
const FOR_GOOD: ReadonlySet<ErrorClass> = new Set(['not_found', 'unauthorized']);

/**
 * Whether every image that must be pulled is at its registry: a tag that has vanished is found before anything is made,
 * not by waiting for pods.
 *
 * @param home where the user's own fallback chains are
 * @param arch of Node.js
 */
export function imagesCheck(missing: MissingImages, home: string, arch: string): Check {
  return {
    id: 'images',
    title: 'images at their registries',
    timeoutMs: TIMEOUT_MS,
    run: (env) => checkImages(env, missing, home, arch),
  };
}

async function checkImages(
  env: CheckEnv,
  missing: MissingImages,
  home: string,
  arch: string,
): Promise<Finding | undefined> {
  const images = await missing(env);
  if (images === undefined || images.length === 0) return undefined;
  const api = openRegistryApi({ env: env.env, credentials: dockerCredentials(env.env), now: () => env.clock.now() });
  try {
    const errors = await mapLimited(images, AT_ONCE, async (image) => {
      const looked = inspectImage(api, parseReference(image), containerPlatform(arch), env.signal);
      return await looked
        .then(() => undefined)
        .catch((thrown: unknown) => ({ image, error: toInstallerError(thrown) }));
    });
    const gone = errors.flatMap((found) => (found !== undefined && FOR_GOOD.has(found.error.class) ? [found] : []));
    if (gone.length === 0) return undefined;
    const [first] = gone;
    return {
      level: 'error',
      message: gone.map(({ image, error }) => `${image}: ${describe(error)}`).join('; '),
      hint: `${suggest(first?.image ?? '', home)}, or go without: --image-mirror PREFIX, or load the images into Docker first`,
    };
  } finally {
    await api.close();
  }
}

function describe({ class: errorClass, message }: InstallerError): string {
  return errorClass === 'unauthorized' ? 'its registry wants a login (docker login)' : message;
}

/** What its fallback chain knows. */
function suggest(image: string, home: string): string {
  const [fallback] = findFallbacks(readChains(home, []), parseReference(image));
  return fallback === undefined
    ? 'contextcore-install images check create-cluster tells more'
    : `its fallback is ${familiarReference(fallback.reference)}`;
}
