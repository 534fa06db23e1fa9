/**
 * Gives the memory of a buffer back at once: the collector of garbage, which sees small objects only, comes when there
 * are fifty megabytes of it. The buffer is empty afterwards.
 *
 * @param buffer that nobody reads or writes any more, not even the kernel; a part of a larger one is left alone
 */
export function freeBuffer({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) buffer.transfer(0);
}
