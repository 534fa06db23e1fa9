import { classifyError, classifyStatus } from '../../../errors/classify-error.ts';
import { deepestMessage } from '../../../errors/deepest-message.ts';
import type { ErrorClass } from '../../../errors/error-class.ts';
import { InstallerError } from '../../../errors/installer-error.ts';
import type { RequestFacts } from '../../../resilience/events.ts';
import { readRetryAfter } from '../../../resilience/retry-after.ts';
import type { AnswerHead, BodyTaker, HttpClient } from './exchange.ts';

export interface GetOptions {
  client: HttpClient;
  headers?: Readonly<Record<string, string>>;
  signal: AbortSignal;
  /** Told of each request. */
  tell?: (request: RequestFacts) => void;
  /** Answers besides 2xx that are handed over and no error. */
  accept?: readonly number[];
}

const MAX_REDIRECTS = 10;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const HINTS: Partial<Record<ErrorClass, string>> = {
  dns: 'check the name and the network; behind a proxy, set HTTPS_PROXY',
  network_timeout: 'check the network; behind a proxy, set HTTPS_PROXY',
  network_reset: 'check the network; behind a proxy, set HTTPS_PROXY',
  tls: 'a proxy that opens TLS connections needs its certificate in NODE_EXTRA_CA_CERTS',
  disk_full: 'make room on that disk, then run the same command again',
};

/**
 * Sends a GET, follows redirects, and hands the body of a successful answer over.
 *
 * @param take gets the head, and says who takes the body
 * @throws InstallerError `step_failed` with the class of the trouble, naming the address without query and password;
 *   the signal's reason when it was aborted
 */
export async function getUrl(
  address: string,
  { client, headers = {}, signal, tell, accept = [] }: GetOptions,
  take: (head: AnswerHead) => BodyTaker | undefined,
): Promise<AnswerHead> {
  let url = new URL(address);
  try {
    for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
      let told = false;
      const exchange = { url, headers, signal, onHead };
      const head = await client(exchange).catch((thrown: unknown) => {
        if (!told) tell?.({ method: 'GET', url: plainAddress(url) });
        throw thrown;
      });
      const location = head.headers.get('location');
      if (!REDIRECTS.has(head.status) || location === undefined) return head;
      url = redirect(url, location);

      function onHead(found: AnswerHead): BodyTaker | undefined {
        told = true;
        tell?.({ method: 'GET', url: plainAddress(url), status: found.status });
        if (REDIRECTS.has(found.status) && found.headers.has('location')) return undefined;
        refuseBadAnswer(address, found, accept);
        return take(found);
      }
    }
    throw new InstallerError('step_failed', `${plainAddress(address)} leads in circles`, { class: 'not_found' });
  } catch (thrown) {
    signal.throwIfAborted();
    throw explain(address, thrown);
  }
}

/** Without query and credentials, as it may be shown. */
export function plainAddress(url: string | URL): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function redirect(from: URL, location: string): URL {
  const to = new URL(location, from);
  if (from.protocol === 'https:' && to.protocol !== 'https:') {
    throw new InstallerError(
      'step_failed',
      `${plainAddress(from)} leads to ${plainAddress(to)}, which is not encrypted`,
      { class: 'tls' },
    );
  }
  return to;
}

function refuseBadAnswer(address: string, { status, reason, headers }: AnswerHead, accept: readonly number[]): void {
  if ((status >= 200 && status < 300) || accept.includes(status)) return;
  const errorClass = classifyStatus(status);
  const retryAfterMs = readRetryAfter(headers.get('retry-after'), Date.now());
  throw new InstallerError('step_failed', `${plainAddress(address)} answered ${status} ${reason}`.trimEnd(), {
    class: errorClass,
    hint: HINTS[errorClass] ?? 'check the address',
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function explain(address: string, thrown: unknown): InstallerError {
  const known = thrown instanceof InstallerError ? thrown : undefined;
  if (known?.message.startsWith(plainAddress(address)) || known?.class === 'disk_full') return known as InstallerError;
  const errorClass = known?.class ?? classifyError(thrown);
  const hint = known?.details.hint ?? HINTS[errorClass];
  return new InstallerError('step_failed', `${plainAddress(address)} could not be fetched: ${deepestMessage(thrown)}`, {
    class: errorClass,
    ...(hint === undefined ? {} : { hint }),
    ...(known?.details.retryAfterMs === undefined ? {} : { retryAfterMs: known.details.retryAfterMs }),
    cause: thrown,
  });
}
