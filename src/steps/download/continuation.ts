import type { AnswerHead } from './http/exchange.ts';
import type { About } from './leftovers.ts';

/** What tells one content of an address from another: a strong ETag, else the time of its last change. */
export function validatorsOf({ headers }: AnswerHead): Pick<About, 'etag' | 'lastModified'> {
  const etag = headers.get('etag');
  const lastModified = headers.get('last-modified');
  return {
    ...(etag === undefined || !/^"[^"]*"$/.test(etag) ? {} : { etag }),
    ...(lastModified === undefined ? {} : { lastModified }),
  };
}

/** Headers that ask for a part, provided that it still belongs to what is there (RFC 9110, sections 13.1.5 and 14.2). */
export function rangeHeaders(about: About, from: number, to: number, source: string): Record<string, string> {
  const validator = about.source === source ? (about.etag ?? about.lastModified) : undefined;
  return {
    Range: `bytes=${from}-${Number.isFinite(to) ? to - 1 : ''}`,
    ...(validator === undefined ? {} : { 'If-Range': validator }),
  };
}

/** Whether bytes of `source` may be put behind those that are there: by validators of the same address, or by a checksum. */
export function mayContinue(about: About, source: string): boolean {
  if (about.size === undefined) return false;
  return about.sum !== undefined || (about.source === source && (about.etag ?? about.lastModified) !== undefined);
}

export type Answered =
  /** The whole file, from its beginning. */
  | { kind: 'whole'; size?: number }
  /** The part that was asked for. */
  | { kind: 'part'; size: number }
  /** It is not what it was. */
  | { kind: 'changed' };

/** What an answer is, to a question for the part that begins at `from`; undefined when the whole file was asked for. */
export function judgeAnswer(head: AnswerHead, from: number | undefined, about: About, source: string): Answered {
  if (head.status === 416) return { kind: 'changed' };
  if (head.status !== 206) {
    const length = head.headers.has('transfer-encoding') ? undefined : head.headers.get('content-length');
    return { kind: 'whole', ...(length === undefined ? {} : { size: Number(length) }) };
  }
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+)$/.exec(head.headers.get('content-range') ?? '') ?? [];
  if (start === undefined || Number(start) !== from) return { kind: 'changed' };
  const size = Number(total);
  const { etag } = validatorsOf(head);
  const other = about.source === source && about.etag !== undefined && etag !== undefined && etag !== about.etag;
  return other || (about.size !== undefined && about.size !== size) ? { kind: 'changed' } : { kind: 'part', size };
}

/** Whether an answer promises that parts may be asked for. */
export function servesParts({ status, headers }: AnswerHead): boolean {
  return status === 206 || /\bbytes\b/.test(headers.get('accept-ranges') ?? '');
}
