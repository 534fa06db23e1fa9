import { createHash } from 'node:crypto';
import { type InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import type { Descriptor } from '../registry/manifest.ts';
import { wrongDigest } from '../registry/manifest.ts';

/** Opens the source at a byte; it may begin earlier. @throws InstallerError when it cannot be opened, whatever was tried */
export type OpenAt = (from: number) => Promise<{ body: AsyncIterable<Buffer>; from: number }>;

/** Less than this between two cuts is no progress. */
const PROGRESS_BYTES = 64 << 10;
const MAX_CUTS_WITHOUT_PROGRESS = 3;

/**
 * The bytes of a blob, checked: its last piece is given only when the digest of everything is right, so that whoever
 * takes it in one go never has all of a wrong one. Where the source is cut it goes on at the next byte; nothing is kept.
 *
 * @param name of the blob, for errors
 * @param explain makes an error with its class of a connection that failed
 * @throws InstallerError class `checksum`; the source's own when it cannot be read to its end
 */
export async function* readVerified(
  name: string,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  open: OpenAt,
  explain: (thrown: unknown) => InstallerError,
): AsyncGenerator<Buffer> {
  const algorithm = digest.slice(0, digest.indexOf(':'));
  const hash = createHash(algorithm);
  let held: Buffer | undefined;
  let at = 0;
  let barren = 0;
  while (at < size) {
    const began = at;
    let cut: InstallerError | undefined;
    try {
      const opened = await open(at);
      let skip = at - opened.from;
      for await (const piece of opened.body) {
        const chunk = skip === 0 ? piece : piece.subarray(skip);
        skip -= piece.length - chunk.length;
        if (chunk.length === 0) continue;
        hash.update(chunk);
        at += chunk.length;
        if (held !== undefined) yield held;
        held = chunk;
        if (at > size) throw wrongDigest(name, `${digest}, ${size} bytes`, 'more bytes');
      }
    } catch (thrown) {
      cut = explain(thrown);
      // A source that could not be opened has been tried often enough.
      if (cut.details.exhausted === true || cut.class === 'checksum' || cut.class === 'cancelled') throw cut;
    }
    if (at === size) break;
    barren = at - began < PROGRESS_BYTES ? barren + 1 : 0;
    if (barren >= MAX_CUTS_WITHOUT_PROGRESS) {
      throw (
        cut ?? toInstallerError(new Error(`${name} ends at byte ${at} of ${size}`), { class: 'network_reset' })
      ).with({
        exhausted: true,
      });
    }
  }
  const received = `${algorithm}:${hash.digest('hex')}`;
  if (received !== digest) throw wrongDigest(name, digest, received);
  if (held !== undefined) yield held;
}
