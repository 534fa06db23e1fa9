import { InstallerError } from '../../../errors/installer-error.ts';
import type { AnswerHead } from './exchange.ts';

/** Reads an answer of HTTP/1.x from the bytes of a connection (RFC 9112). */
export interface AnswerParser {
  /** Further bytes of the connection; valid during the call only. @throws InstallerError when they are no HTTP */
  feed(bytes: Buffer): void;
  /** The whole answer was read. */
  readonly done: boolean;
  /** The other side has closed. @throws InstallerError `network_reset` when the answer is not complete */
  end(): void;
}

export interface AnswerEvents {
  onHead(head: AnswerHead): void;
  onBody(bytes: Buffer): void;
}

const MAX_HEAD_BYTES = 64 << 10;
const MAX_LINE_BYTES = 4096;
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** `line`: a chunk's size; `edge`: the empty line behind a chunk; `trailer`: what follows the last one. */
type Place = 'head' | 'counted' | 'closing' | 'line' | 'chunk' | 'edge' | 'trailer' | 'done';

export function createAnswerParser({ onHead, onBody }: AnswerEvents): AnswerParser {
  let place: Place = 'head';
  /** Bytes of a head or line that is not complete yet. */
  let kept = Buffer.alloc(0);
  /** Bytes of the body, or of the chunk, that are still to come. */
  let left = 0;

  const readHead = (bytes: Buffer): Buffer => {
    const all = kept.length === 0 ? bytes : Buffer.concat([kept, bytes]);
    const end = all.indexOf(END_OF_HEAD);
    if (end < 0) {
      if (all.length > MAX_HEAD_BYTES) throw notHttp('its head is too long');
      kept = Buffer.from(all);
      return all.subarray(all.length);
    }
    kept = Buffer.alloc(0);
    const head = parseHead(all.toString('latin1', 0, end));
    // 100 Continue and its like come before the answer.
    if (head.status >= 200) {
      [place, left] = framing(head);
      onHead(head);
    }
    return all.subarray(end + END_OF_HEAD.length);
  };

  /** A line, without its end; undefined until it is complete. */
  const readLine = (bytes: Buffer): [line: string | undefined, rest: Buffer] => {
    const end = bytes.indexOf(10);
    const part = Buffer.concat([kept, end < 0 ? bytes : bytes.subarray(0, end)]);
    if (part.length > MAX_LINE_BYTES) throw notHttp('a line of it is too long');
    kept = end < 0 ? part : Buffer.alloc(0);
    if (end < 0) return [undefined, bytes.subarray(bytes.length)];
    return [part.toString('latin1').replace(/\r$/, ''), bytes.subarray(end + 1)];
  };

  const readBody = (bytes: Buffer, after: Place): Buffer => {
    const mine = bytes.length <= left ? bytes : bytes.subarray(0, left);
    left -= mine.length;
    if (left === 0) place = after;
    onBody(mine);
    return bytes.subarray(mine.length);
  };

  const readChunking = (bytes: Buffer): Buffer => {
    const [line, rest] = readLine(bytes);
    if (line === undefined) return rest;
    if (place === 'edge') place = 'line';
    else if (place === 'trailer') place = line === '' ? 'done' : 'trailer';
    else {
      if (!/^[0-9a-f]{1,12}\s*(;|$)/i.test(line)) throw notHttp('a chunk has no size');
      left = Number.parseInt(line, 16);
      place = left === 0 ? 'trailer' : 'chunk';
    }
    return rest;
  };

  const step = (bytes: Buffer): Buffer => {
    if (place === 'head') return readHead(bytes);
    if (place === 'counted') return readBody(bytes, 'done');
    if (place === 'chunk') return readBody(bytes, 'edge');
    if (place !== 'closing') return readChunking(bytes);
    onBody(bytes);
    return bytes.subarray(bytes.length);
  };

  return {
    get done() {
      return place === 'done';
    },
    feed(bytes) {
      let rest = bytes;
      while (rest.length > 0 && place !== 'done') rest = step(rest);
    },
    end() {
      if (place === 'closing') place = 'done';
      if (place === 'done') return;
      const what = place === 'head' ? 'before it answered' : 'in the middle of its answer';
      throw new InstallerError('step_failed', `the connection was closed ${what}`, { class: 'network_reset' });
    },
  };
}

function parseHead(text: string): AnswerHead {
  const [first = '', ...lines] = text.split('\r\n');
  const [, status, reason = ''] = /^HTTP\/1\.[01] (\d{3})(?: (.*))?$/.exec(first) ?? [];
  if (status === undefined) throw notHttp(`it begins with "${first.slice(0, 40)}"`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon <= 0) throw notHttp('a header has no name');
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return { status: Number(status), reason, headers };
}

/** How the body ends (RFC 9112, section 6.3). */
function framing({ status, headers }: AnswerHead): [place: Place, left: number] {
  if (status === 204 || status === 304) return ['done', 0];
  const coding = headers.get('transfer-encoding');
  if (coding !== undefined) return coding.toLowerCase().endsWith('chunked') ? ['line', 0] : ['closing', 0];
  const length = headers.get('content-length');
  if (length === undefined) return ['closing', 0];
  const [said = '', ...others] = length.split(/\s*,\s*/);
  if (!/^\d{1,16}$/.test(said) || others.some((other) => other !== said)) throw notHttp('its length is no number');
  return said === '0' ? ['done', 0] : ['counted', Number(said)];
}

function notHttp(why: string): InstallerError {
  return new InstallerError('step_failed', `what came is no answer of HTTP: ${why}`, { class: 'unknown' });
}
