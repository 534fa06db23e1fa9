import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

export type SumAlgorithm = 'sha256' | 'sha512';

/** The checksum of a file in the making: of what comes in order as it comes, of the rest by reading it again. */
export interface FileDigest {
  readonly algorithm: SumAlgorithm;
  /** Bytes that are going to stand at `position`; counted now when everything before them was, else later. */
  offer(bytes: Uint8Array, position: number): void;
  /** Reads what is missing, up to `to`. @param signal stops it */
  catchUp(file: FileHandle, to: number, signal: AbortSignal): Promise<void>;
  /** Begins anew. */
  reset(): void;
  /** Of everything up to where it stands, in hex. */
  hex(): string;
}

const READ_BYTES = 1 << 20;

export function createDigest(algorithm: SumAlgorithm): FileDigest {
  let hash: Hash = createHash(algorithm);
  let at = 0;
  return {
    algorithm,
    offer(bytes, position) {
      if (position !== at) return;
      hash.update(bytes);
      at += bytes.byteLength;
    },
    async catchUp(file, to, signal) {
      if (at >= to) return;
      const buffer = Buffer.allocUnsafeSlow(Math.min(READ_BYTES, to - at));
      while (at < to) {
        signal.throwIfAborted();
        const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, to - at), at);
        if (bytesRead === 0) throw new Error(`the partial file ends at ${at}`);
        hash.update(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
    },
    reset() {
      hash = createHash(algorithm);
      at = 0;
    },
    hex: () => hash.copy().digest('hex'),
  };
}
