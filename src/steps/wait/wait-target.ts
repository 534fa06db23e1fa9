import { InstallerError } from '../../errors/installer-error.ts';
import type { Expected } from '../http/expect-answer.ts';

/** What is to become ready. */
export type WaitTarget =
  | { kind: 'http'; url: string; expected: Expected }
  | { kind: 'tcp'; host: string; port: number }
  | { kind: 'file'; path: string }
  | { kind: 'command'; words: readonly string[] };

/**
 * Reads `http://…`, `https://…`, `tcp://HOST:PORT` or `file:PATH`.
 *
 * @throws InstallerError `usage` saying what it takes
 */
export function parseWaitTarget(text: string): WaitTarget {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return { kind: 'http', url: text, expected: {} };
  const [, host, port] = /^tcp:\/\/(\[[^\]]+\]|[^:/[\]]+):(\d{1,5})\/?$/i.exec(text) ?? [];
  if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535) {
    return { kind: 'tcp', host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
  }
  const [, path] = /^file:(?:\/\/(?=\/))?(.+)$/i.exec(text) ?? [];
  if (path !== undefined) return { kind: 'file', path };
  throw new InstallerError('usage', `"${text}" cannot be waited for`, {
    hint: 'give http://ADDRESS, https://ADDRESS, tcp://HOST:PORT, file:PATH, or a command',
  });
}

/** A target as it stands in a message. */
export function describeTarget(target: WaitTarget): string {
  switch (target.kind) {
    case 'http':
      return target.url.replace(/^(https?:\/\/)[^/@]*@/i, '$1');
    case 'tcp':
      return `tcp://${target.host.includes(':') ? `[${target.host}]` : target.host}:${target.port}`;
    case 'file':
      return target.path;
    case 'command':
      return target.words.join(' ');
  }
}
