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
    expect(findSum(text, 'one')).toEqual({ algorithm: 'sha256', hex: A });
    expect(findSum(text, 'two')).toEqual({ algorithm: 'sha256', hex: B.toLowerCase() });
    expect(findSum(text, 'three')).toBeUndefined();
  });

  it('tells the kind of a sum by its length, and takes SHA-256 where both are', () => {
    const long = 'c'.repeat(128);
    expect(findSum(`${long}  one\n`, 'one')).toEqual({ algorithm: 'sha512', hex: long });
    expect(findSum(`SHA512 (one) = ${long}\nSHA256 (one) = ${A}\n`, 'one')).toEqual({ algorithm: 'sha256', hex: A });
    expect(findSum(long, 'anything')).toEqual({ algorithm: 'sha512', hex: long });
  });

  it('takes a sum that stands alone, and no other line without a name', () => {
    expect(findSum(`${A}\n`, 'anything')).toEqual({ algorithm: 'sha256', hex: A });
    expect(findSum(`${A}\n${B}\n`, 'anything')).toBeUndefined();
    expect(findSum('<html>not found</html>', 'one')).toBeUndefined();
    expect(findSum(`${A.slice(1)}  one`, 'one')).toBeUndefined();
  });

  it('does not take a longer name for the wanted one', () => {
    expect(findSum(`${A}  kind-linux-amd64.exe\n`, 'kind-linux-amd64')).toBeUndefined();
  });
});
