import { createHash } from 'node:crypto';
import * as z from 'zod';
import { InstallerError } from '../../errors/installer-error.ts';
import type { Platform } from '../platform.ts';

const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
const DOCKER_LIST = 'application/vnd.docker.distribution.manifest.list.v2+json';
const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
/** What a registry may answer with; it would give older forms to whoever accepts none of these. */
export const ACCEPTED = [OCI_INDEX, DOCKER_LIST, OCI_MANIFEST, DOCKER_MANIFEST].join(', ');

const digestText = z.string().regex(/^sha256:[0-9a-f]{64}$|^sha512:[0-9a-f]{128}$/);
const descriptor = z.object({
  mediaType: z.string(),
  digest: digestText,
  size: z.number().int().nonnegative(),
});
const indexContent = z.object({
  manifests: z.array(
    descriptor.extend({
      platform: z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() }).optional(),
    }),
  ),
});
const imageContent = z.object({ config: descriptor, layers: z.array(descriptor) });

export type Descriptor = z.infer<typeof descriptor>;
export type IndexEntry = z.infer<typeof indexContent>['manifests'][number];

/** A manifest as the registry has it. */
export interface Manifest {
  mediaType: string;
  /** Of the bytes, computed here. */
  digest: string;
  bytes: Buffer;
}

export function isIndex(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_LIST;
}

/** The manifests that an index names. @throws InstallerError: it makes no sense */
export function entriesOf(manifest: Manifest): readonly IndexEntry[] {
  return parse(indexContent, manifest, 'an index').manifests;
}

/** The configuration and the layers of an image. @throws InstallerError: it makes no sense */
export function partsOf(manifest: Manifest): { config: Descriptor; layers: readonly Descriptor[] } {
  return parse(imageContent, manifest, 'an image manifest');
}

/** Platform of an image, by the text of its configuration. */
export function platformOfConfig(config: Buffer): Platform | undefined {
  const content = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });
  return content.safeParse(parseJson(config)).data;
}

export function digestOf(bytes: Uint8Array, algorithm = 'sha256'): string {
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`;
}

/** What a blob or manifest should have hashed to, and did not. */
export function wrongDigest(what: string, expected: string, received: string): InstallerError {
  return new InstallerError('step_failed', `${what} has not the digest that it should have; it was thrown away`, {
    class: 'checksum',
    lines: [`expected ${expected}`, `received ${received}`],
    hint: 'the registry, or something on the way to it, gives other content: do not use it',
  });
}

function parse<T>(schema: z.ZodType<T>, { bytes, digest, mediaType }: Manifest, what: string): T {
  const parsed = schema.safeParse(parseJson(bytes));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues[0]?.path.join('.') || 'it is not JSON';
  throw new InstallerError('step_failed', `${digest} (${mediaType}) is not ${what}: ${where}`);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
