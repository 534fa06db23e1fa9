import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AnswerHead } from '../../../../src/steps/download/http/exchange.ts';
import { createAnswerParser } from '../../../../src/steps/download/http/parse-answer.ts';

/** Feeds an answer in pieces of the given sizes, then closes. */
function parse(text: string, sizes: readonly number[] = []): { head: AnswerHead | undefined; body: string } {
  const bytes = Buffer.from(text, 'latin1');
  let head: AnswerHead | undefined;
  let body = '';
  const parser = createAnswerParser({
    onHead: (found) => {
      head = found;
    },
    onBody: (some) => {
      body += some.toString('latin1');
    },
  });
  let at = 0;
  for (const size of [...sizes, bytes.length]) {
    parser.feed(bytes.subarray(at, at + size));
    at += size;
  }
  parser.end();
  return { head, body };
}

const COUNTED = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "a"\r\n\r\nhello';
const CHUNKED =
  'HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\nTrailer: 1\r\n\r\n';
const EARLY = `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${COUNTED}`;
const CLOSING = 'HTTP/1.0 200\r\n\r\nhello';

describe('an answer', () => {
  it.each([
    ['of a known length', COUNTED],
    ['in chunks', CHUNKED],
    ['after a hint', EARLY],
    ['that ends with the connection', CLOSING],
  ])('%s is the same however it is cut into pieces', (_name, text) => {
    const whole = parse(text);
    expect(whole.body).toBe('hello');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 9 })), (sizes) => {
        expect(parse(text, sizes)).toEqual(whole);
      }),
    );
  });

  it('has its headers by lower-case name, those of one name joined', () => {
    const { head } = parse('HTTP/1.1 404 Not Found\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 0\r\n\r\n');
    expect(head).toEqual({
      status: 404,
      reason: 'Not Found',
      headers: new Map(Object.entries({ 'x-a': '1, 2', 'content-length': '0' })),
    });
  });

  it.each([COUNTED.slice(0, -1), CHUNKED.slice(0, -2), 'HTTP/1.1 200', ''])(
    '%j that ends too early is a cut connection',
    (text) => {
      expect(() => parse(text)).toThrowError(expect.objectContaining({ class: 'network_reset' }));
    },
  );

  it.each([
    'SSH-2.0-OpenSSH_9.2\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: five\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'HTTP/1.1 200 OK\r\nno colon\r\n\r\n',
    `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(70_000)}`,
  ])('%j is refused', (text) => {
    expect(() => parse(text)).toThrowError(/no answer of HTTP/);
  });
});
