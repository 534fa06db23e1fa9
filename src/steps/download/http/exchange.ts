/** Status line and headers of an answer. */
export interface AnswerHead {
  status: number;
  reason: string;
  /** By lower-case name; several of one name are joined by a comma. */
  headers: ReadonlyMap<string, string>;
}

/** Takes the body of an answer as it comes. */
export interface BodyTaker {
  /** The bytes are valid during the call only; all of them are taken. */
  take(bytes: Uint8Array): void;
  /** `full`: nothing more is to be given until {@link drained}; `enough`: the rest is not wanted. */
  readonly state: 'hungry' | 'full' | 'enough';
  /** Resolves when more may be given; rejects when what was given could not be kept. */
  drained(): Promise<void>;
}

/** One GET, without redirects. */
export interface Exchange {
  url: URL;
  headers: Readonly<Record<string, string>>;
  signal: AbortSignal;
  /** @returns who takes the body; undefined when it is not wanted. What it throws ends the exchange */
  onHead(head: AnswerHead): BodyTaker | undefined;
}

/**
 * Something that speaks HTTP. It makes one request, never a second one for it, and follows no redirect.
 *
 * @throws InstallerError with the class of the trouble; what `onHead` or the taker throws; the signal's reason
 */
export type HttpClient = (exchange: Exchange) => Promise<AnswerHead>;

/** How servers are reached. */
export interface HttpSettings {
  /** Proxies (HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in either case) and certificates (SSL_CERT_FILE, NODE_EXTRA_CA_CERTS). */
  env: Readonly<Record<string, string | undefined>>;
  /** PEM file of further certificate authorities to trust. */
  ca?: string;
  /** Until the connection stands. Default: 10 s. */
  connectTimeoutMs?: number;
  /** Longest silence while waiting for the answer, and inside it. Default: 30 s. */
  stallTimeoutMs?: number;
}

export const CONNECT_TIMEOUT_MS = 10_000;
export const STALL_TIMEOUT_MS = 30_000;

/** No taker is given more than this at once. */
export const MAX_BODY_CHUNK = 256 << 10;
