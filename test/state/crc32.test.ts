import { crc32 as reference } from 'node:zlib';
import { assert, property, string, uint8Array } from 'fast-check';
import { expect, it } from 'vitest';
import { crc32 } from '../../src/state/crc32.ts';

it('is zlib’s, of any bytes and any text', () => {
  expect(crc32('123456789')).toBe(0xcbf43926);
  assert(property(uint8Array({ maxLength: 300 }), (bytes) => crc32(bytes) === reference(bytes)));
  assert(property(string({ unit: 'binary' }), (text) => crc32(text) === reference(text)));
});
