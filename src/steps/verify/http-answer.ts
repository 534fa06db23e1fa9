import { exchange } from '../../system/http-exchange.ts';

/** What an address answered, or why it did not. */
export type HttpAnswer = { status: number; body: string } | { status: undefined; why: string };

export interface HttpRequest {
  method?: string;
  headers?: Readonly<Record<string, string>>;
  body?: string;
  /** Of the whole exchange, in milliseconds. */
  timeoutMs?: number;
  signal: AbortSignal;
}

const TIMEOUT_MS = 5_000;

/**
 * Asks an address once, without any proxy: what is verified is on this machine.
 *
 * @throws the signal's reason when aborted; trouble of the network is an answer without a status
 */
export async function askHttp(url: string, request: HttpRequest): Promise<HttpAnswer> {
  const { method = 'GET', headers = {}, body, timeoutMs = TIMEOUT_MS, signal } = request;
  try {
    return await exchange(url, {
      method,
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      ...(body === undefined ? {} : { body }),
    });
  } catch (thrown) {
    signal.throwIfAborted();
    return { status: undefined, why: describe(thrown, timeoutMs) };
  }
}

/** An answer in a few words: `503 Ingester not ready`. */
export function describeAnswer(answer: HttpAnswer): string {
  if (answer.status === undefined) return answer.why;
  const line = answer.body.trim().split('\n')[0]?.slice(0, 120) ?? '';
  return line === '' ? `HTTP ${answer.status}` : `HTTP ${answer.status}: ${line}`;
}

export function isSuccess(answer: HttpAnswer): boolean {
  return answer.status !== undefined && answer.status >= 200 && answer.status < 300;
}

function describe(thrown: unknown, timeoutMs: number): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if (thrown.name === 'TimeoutError') return `no answer within ${timeoutMs} ms`;
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'connection refused';
  // Docker's port proxy accepts, finds nobody behind the port and hangs up.
  if (code === 'ECONNRESET') return 'the connection was closed without an answer';
  return thrown.message || code || thrown.name;
}
