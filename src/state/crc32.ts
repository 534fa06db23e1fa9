/** CRC-32 (ISO 3309, as zlib has it). Of our own, since loading node:zlib takes longer than all the rest of a status. */
const TABLE = makeTable();

/** Each entry from two before it: a loop over all bits of all of them would be long enough to wake the compiler. */
function makeTable(): Uint32Array {
  const table = new Uint32Array(256);
  let power = 1;
  for (let bit = 128; bit > 0; bit >>= 1) {
    power = (power >>> 1) ^ (power & 1 ? 0xedb88320 : 0);
    for (let at = 0; at < 256; at += 2 * bit) table[at + bit] = power ^ (table[at] as number);
  }
  return table;
}

/** @returns unsigned 32-bit checksum of the bytes; of a text, of its UTF-8 form */
export function crc32(data: Uint8Array | string): number {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  let sum = 0xffffffff;
  for (let at = 0; at < bytes.length; at += 1) {
    sum = (sum >>> 8) ^ (TABLE[(sum ^ (bytes[at] as number)) & 0xff] as number);
  }
  return (sum ^ 0xffffffff) >>> 0;
}
