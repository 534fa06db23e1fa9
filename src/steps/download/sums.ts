import { InstallerError } from '../../errors/installer-error.ts';
import { getUrl, type HttpOptions } from './http-request.ts';

/** Published sums files are a few kilobytes; more is some other page. */
const MAX_SUMS_BYTES = 1 << 20;

/**
 * Fetches a published file of SHA-256 sums and gives the one of `fileName`.
 *
 * @param fileName name of the file inside the sums file, without a folder
 * @throws InstallerError class `checksum` when the file does not name it; else as {@link getUrl}
 */
export async function fetchSum(sumsUrl: string, fileName: string, options: HttpOptions): Promise<string> {
  const text = await getUrl(sumsUrl, options, async (response) => {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.byteLength;
      if (size > MAX_SUMS_BYTES) break;
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  });
  const sum = findSum(text, fileName);
  if (sum === undefined) {
    throw new InstallerError('step_failed', `${sumsUrl} holds no SHA-256 sum of ${fileName}`, {
      class: 'checksum',
      hint: 'nothing was installed: without the published sum the file cannot be checked',
    });
  }
  return sum;
}

/**
 * Finds a file's sum in the text of a sums file: lines of sha256sum (`HEX  NAME`, `HEX *NAME`), of BSD
 * (`SHA256 (NAME) = HEX`), or one sum alone.
 *
 * @returns 64 hex digits in lower case; undefined when the file is not named
 */
export function findSum(text: string, fileName: string): string | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const alone = lines.length === 1 ? /^\s*([0-9a-f]{64})\s*$/i.exec(lines[0] ?? '') : null;
  if (alone?.[1] !== undefined) return alone[1].toLowerCase();
  for (const line of lines) {
    const gnu = /^([0-9a-f]{64})\s+\*?(.+?)\s*$/i.exec(line);
    const bsd = /^SHA256 \((.+)\) = ([0-9a-f]{64})\s*$/i.exec(line);
    const [name, sum] = gnu === null ? [bsd?.[1], bsd?.[2]] : [gnu[2], gnu[1]];
    if (name?.replace(/^.*\//, '') === fileName) return sum?.toLowerCase();
  }
  return undefined;
}
