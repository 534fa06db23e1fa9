import { InstallerError } from '../../errors/installer-error.ts';
import type { SumAlgorithm } from './digest.ts';
import { fetchSmall, type SmallOptions } from './fetch-small.ts';
import { plainAddress } from './http/follow.ts';

/** A checksum, in lower-case hex. */
export interface Sum {
  algorithm: SumAlgorithm;
  hex: string;
}

/**
 * Fetches a published file of SHA-256 or SHA-512 sums and gives the one of a file.
 *
 * @param fileNames names under which the file may stand in it, without a folder
 * @throws InstallerError class `checksum` when it names none of them; else as {@link fetchSmall}
 */
export async function fetchSum(sumsUrl: string, fileNames: readonly string[], options: SmallOptions): Promise<Sum> {
  const text = (await fetchSmall(sumsUrl, options)).toString('utf8');
  for (const name of fileNames) {
    const sum = findSum(text, name);
    if (sum !== undefined) return sum;
  }
  throw new InstallerError(
    'step_failed',
    `${plainAddress(sumsUrl)} holds no SHA-256 or SHA-512 sum of ${fileNames[0]}`,
    {
      class: 'checksum',
      hint: 'nothing was installed: without the published sum the file cannot be checked',
    },
  );
}

/**
 * Finds a file's sum in the text of a sums file: lines of sha256sum or sha512sum (`HEX  NAME`, `HEX *NAME`), of BSD
 * (`SHA256 (NAME) = HEX`), or one sum alone. Where both kinds are, SHA-256 is taken.
 *
 * @returns undefined when the file is not named
 */
export function findSum(text: string, fileName: string): Sum | undefined {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const alone = lines.length === 1 ? /^\s*([0-9a-f]+)\s*$/i.exec(lines[0] ?? '')?.[1] : undefined;
  if (alone !== undefined) return asSum(alone);
  const found = lines.flatMap((line) => {
    const gnu = /^([0-9a-f]{64}|[0-9a-f]{128})\s+\*?(.+?)\s*$/i.exec(line);
    const bsd = /^SHA(?:256|512) \((.+)\) = ([0-9a-f]+)\s*$/i.exec(line);
    const [name, hex] = gnu === null ? [bsd?.[1], bsd?.[2]] : [gnu[2], gnu[1]];
    const sum = name?.replace(/^.*\//, '') === fileName ? asSum(hex ?? '') : undefined;
    return sum === undefined ? [] : [sum];
  });
  return found.find(({ algorithm }) => algorithm === 'sha256') ?? found[0];
}

/** A sum as a user gives it. @returns undefined when it is none of that kind */
export function parseSum(algorithm: SumAlgorithm, hex: string): Sum | undefined {
  const sum = asSum(hex.trim());
  return sum?.algorithm === algorithm ? sum : undefined;
}

/** A sum by its length. @returns undefined when it is none */
function asSum(hex: string): Sum | undefined {
  if (!/^[0-9a-f]+$/i.test(hex)) return undefined;
  if (hex.length === 64) return { algorithm: 'sha256', hex: hex.toLowerCase() };
  return hex.length === 128 ? { algorithm: 'sha512', hex: hex.toLowerCase() } : undefined;
}
