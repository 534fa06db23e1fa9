import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { ErrorClass } from '../../../errors/error-class.ts';
import { InstallerError } from '../../../errors/installer-error.ts';
import { createAnswerReader } from './answer-reader.ts';
import {
  type AnswerHead,
  type BodyTaker,
  CONNECT_TIMEOUT_MS,
  type Exchange,
  type HttpClient,
  type HttpSettings,
  STALL_TIMEOUT_MS,
} from './exchange.ts';
import { freeBuffer } from './free-buffer.ts';

/** A program that fetches: it writes the answer, with its head, to its standard output. */
export interface FetchProgram {
  name: 'curl' | 'wget';
  args(exchange: Exchange, settings: HttpSettings): readonly string[];
  /** Its standard input, which names the address: everybody may read arguments, and an address may hold a password. */
  input(url: URL): string;
  /** What its exit codes mean (curl(1) and wget(1), "EXIT CODES" and "EXIT STATUS"). */
  exits: Readonly<Record<number, ErrorClass>>;
}

const seconds = (ms: number): string => String(Math.max(1, Math.ceil(ms / 1000)));

export const CURL: FetchProgram = {
  name: 'curl',
  args: ({ headers }, { ca, connectTimeoutMs = CONNECT_TIMEOUT_MS, stallTimeoutMs = STALL_TIMEOUT_MS }) => [
    '--silent',
    '--show-error',
    '--include',
    '--suppress-connect-headers',
    '--no-buffer',
    '--http1.1',
    // NTLM, Kerberos and digests, which our own client does not speak.
    '--proxy-anyauth',
    '--connect-timeout',
    seconds(connectTimeoutMs),
    '--speed-limit',
    '1',
    '--speed-time',
    seconds(stallTimeoutMs),
    ...(ca === undefined ? [] : ['--cacert', ca]),
    ...headerArgs('--header', headers),
    '--config',
    '-',
  ],
  input: (url) => `url = "${url.href}"\n`,
  exits: { 5: 'dns', 6: 'dns', 28: 'network_timeout', 35: 'tls', 51: 'tls', 58: 'tls', 60: 'tls', 77: 'tls' },
};

export const WGET: FetchProgram = {
  name: 'wget',
  args: ({ headers }, { ca, connectTimeoutMs = CONNECT_TIMEOUT_MS, stallTimeoutMs = STALL_TIMEOUT_MS }) => [
    '--no-verbose',
    '--save-headers',
    '--content-on-error',
    '--no-hsts',
    '--tries=1',
    '--max-redirect=0',
    `--connect-timeout=${seconds(connectTimeoutMs)}`,
    `--read-timeout=${seconds(stallTimeoutMs)}`,
    ...(ca === undefined ? [] : [`--ca-certificate=${ca}`]),
    ...headerArgs('--header', headers),
    '--output-document=-',
    '--input-file=-',
  ],
  input: (url) => `${url.href}\n`,
  exits: { 5: 'tls', 6: 'unauthorized' },
};

/** Variables that a program which fetches may know; everything else of ours is none of its business. */
const ENVIRONMENT =
  /^(PATH|HOME|USER|LANG|LC_.*|TMPDIR|(HTTPS?|ALL|NO)_PROXY|SSL_CERT_(FILE|DIR)|CURL_CA_BUNDLE|CURL_HOME|WGETRC|KRB5.*)$/i;

/** HTTP as another program speaks it, for what our own client cannot get through: odd TLS, odd proxies. */
export function createChildClient(program: FetchProgram, path: string, settings: HttpSettings): HttpClient {
  const env = Object.fromEntries(Object.entries(settings.env).filter(([name]) => ENVIRONMENT.test(name)));
  return (exchange) =>
    new Promise((resolve, reject) => {
      const { signal, onHead } = exchange;
      // Its way out is a pipe to us: it ends when we do.
      const child = spawn(path, program.args(exchange, settings), { env, stdio: ['pipe', 'pipe', 'pipe'] });
      // It may end before it has read it.
      child.stdin.on('error', () => undefined).end(program.input(exchange.url));
      let said = '';
      const end = (act: () => void) => {
        signal.removeEventListener('abort', stop);
        child.stdout.removeAllListeners('data').resume();
        child.kill('SIGKILL');
        act();
      };
      const fail = (error: unknown) => end(() => reject(error));
      const stop = () => fail(signal.reason);
      const finish = (head: AnswerHead) => end(() => resolve(head));
      const answer = createAnswerReader(onHead);
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        said = (said + text).slice(-500);
      });
      child.stdout.on('data', (bytes: Buffer) => {
        try {
          answer.feed(answer.head === undefined ? plainFraming(bytes) : bytes);
          freeBuffer(bytes);
          if (answer.head !== undefined && answer.enough) return finish(answer.head);
          if (answer.full !== undefined) waitFor(child.stdout, answer.full).catch(fail);
        } catch (thrown) {
          fail(thrown);
        }
      });
      child.once('error', fail).once('close', (code) => {
        if (answer.head !== undefined && (code === 0 || answer.done)) finish(answer.head);
        else fail(childError(program, code, said, answer.head));
      });
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    });
}

async function waitFor(stream: Readable, taker: BodyTaker): Promise<void> {
  stream.pause();
  await taker.drained();
  stream.resume();
}

/** Both programs take a chunked body apart, but leave the header which says that it came in chunks. */
function plainFraming(bytes: Buffer): Buffer {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return bytes;
  const head = bytes.toString('latin1', 0, end).replace(/\r\ntransfer-encoding:[^\r]*/gi, '');
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes.subarray(end)]);
}

function headerArgs(flag: string, headers: Readonly<Record<string, string>>): string[] {
  return Object.entries({ 'Accept-Encoding': 'identity', ...headers }).flatMap(([name, value]) => [
    flag,
    `${name}: ${value}`,
  ]);
}

function childError(
  { name, exits }: FetchProgram,
  code: number | null,
  said: string,
  answer: AnswerHead | undefined,
): InstallerError {
  const errorClass = (answer === undefined && code !== null ? exits[code] : undefined) ?? 'network_reset';
  const lines = said.trim().split('\n');
  const last = lines.find((line) => /^(curl: \(|ERROR)/.test(line)) ?? lines.at(-1) ?? '';
  return new InstallerError(
    'step_failed',
    last.startsWith(name) ? last : `${name}: ${last === '' ? `it ended with ${code}` : last}`,
    {
      class: errorClass,
    },
  );
}
