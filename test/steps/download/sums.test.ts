import { describe, expect, it } from 'vitest';
import { findSum } from '../../../src/steps/download/sums.ts';

const A = 'a'.repeat(64);
const B = 'B'.repeat(64);

describe('findSum', () => {
  it.each([
    ['sha256sum', `${A}  one\n${B}  two\n`],
    ['sha256sum in binary mode', `${A} *one\r\n${B} *two\r\n`],
    ['with folders', `${A}  ./dist/one\n${B}  ./dist/two\n`],
    ['BSD', `SHA256 (one) = ${A}\nSHA256 (two) = ${B}\n`],
  ])('reads %s', (_name, text) => {
    expect(findSum(text, 'one')).toBe(A);
    expect(findSum(text, 'two')).toBe(B.toLowerCase());
    expect(findSum(text, 'three')).toBeUndefined();
  });

  it('takes a sum that stands alone, and no other line without a name', () => {
    expect(findSum(`${A}\n`, 'anything')).toBe(A);
    expect(findSum(`${A}\n${B}\n`, 'anything')).toBeUndefined();
    expect(findSum('<html>not found</html>', 'one')).toBeUndefined();
    expect(findSum(`${A.slice(1)}  one`, 'one')).toBeUndefined();
  });

  it('does not take a longer name for the wanted one', () => {
    expect(findSum(`${A}  kind-linux-amd64.exe\n`, 'kind-linux-amd64')).toBeUndefined();
  });
});
