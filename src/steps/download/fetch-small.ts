import { InstallerError } from '../../errors/installer-error.ts';
import { type GetOptions, getUrl, plainAddress } from './http/follow.ts';

export type SmallOptions = Pick<GetOptions, 'client' | 'signal' | 'tell'>;

/** Published sums and signatures are a few kilobytes; more is some other page. */
const MAX_BYTES = 1 << 20;

/** Fetches a small file into memory. @throws InstallerError as {@link getUrl}; class `checksum` when it is too large */
export async function fetchSmall(url: string, options: SmallOptions): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  await getUrl(url, options, () => ({
    take(bytes) {
      size += bytes.byteLength;
      chunks.push(Buffer.from(bytes));
    },
    get state() {
      return size > MAX_BYTES ? 'enough' : 'hungry';
    },
    drained: async () => undefined,
  }));
  if (size <= MAX_BYTES) return Buffer.concat(chunks);
  throw new InstallerError('step_failed', `${plainAddress(url)} is too large for a file of sums or a signature`, {
    class: 'checksum',
  });
}
