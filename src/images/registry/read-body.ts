import { InstallerError } from '../../errors/installer-error.ts';

/** Manifests are limited to 4 MiB by the distribution specification ("Pushing Manifests"). */
const MAX_MANIFEST_BYTES = 4 << 20;

/** A whole body. @param limit bytes; more is refused @throws InstallerError; what the connection throws */
export async function readBody(body: AsyncIterable<Uint8Array>, limit = MAX_MANIFEST_BYTES): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > limit) throw new InstallerError('step_failed', `an answer is larger than ${limit} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
