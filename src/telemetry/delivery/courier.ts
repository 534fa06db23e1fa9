import type { TelemetrySettings } from '../settings.ts';
import { type Delivery, type Send, SPOOL_KINDS, type Spool, type SpoolKind } from '../spool/spool.ts';
import type { Sample } from '../status/sample.ts';
import { type Installed, type Target, targetOf } from './find-backends.ts';
import { createHttpClient, type HttpClient, reasonOf } from './http.ts';
import { probeTarget, type Readiness } from './probe.ts';
import { createOtlpSender } from './send-otlp.ts';
import { createPushgatewaySender, PUSHGATEWAY_BATCH } from './send-pushgateway.ts';
import { createSampleSender, type SenderOptions } from './send-samples.ts';

export interface CourierOptions extends SenderOptions {
  settings: TelemetrySettings;
  /** As recorded now: a run adds to it. */
  installed: () => Installed;
  /** The latest sample of every series that stands for something now. */
  current: () => readonly Sample[];
  /** Hides secrets in what a server answers. */
  mask: (text: string) => string;
}

/** What became of one kind of record. */
export interface KindReport extends Delivery {
  /** Where to; undefined when nothing takes it. */
  url?: string;
  /** The target was asked for, not found by itself. */
  configured: boolean;
  clockAheadMs?: number;
}

/** Delivers what waits in a spool to where it belongs. */
export interface Courier {
  /**
   * Only the kinds that something waits of.
   *
   * @param signal ends it
   * @param options.atOnce kinds are not delivered one after the other: quicker, but more than one request at a time
   */
  deliver(
    spool: Spool,
    signal: AbortSignal,
    options?: { atOnce: boolean },
  ): Promise<Partial<Record<SpoolKind, KindReport>>>;
}

/** Whatever its size. */
const ONE_REQUEST = { records: 1, bytes: 0 };
const NONE = { delivered: 0, replayed: 0, rejected: 0, expired: 0 };

export function createCourier(options: CourierOptions): Courier {
  const clients = new Map<string, Promise<HttpClient>>();
  /** Targets that answered, as long as they take what is sent. */
  const ready = new Set<string>();

  function clientOf({ endpoint }: Target): Promise<HttpClient> {
    const client = clients.get(endpoint.url) ?? createHttpClient(endpoint, options.settings.env);
    clients.set(endpoint.url, client);
    return client;
  }

  async function probe(target: Target, signal: AbortSignal): Promise<Readiness> {
    if (ready.has(target.endpoint.url)) return { ready: true };
    let client: HttpClient;
    try {
      client = await clientOf(target);
    } catch (thrown) {
      clients.delete(target.endpoint.url);
      return { ready: false, reason: `the CA file cannot be used: ${reasonOf(thrown)}` };
    }
    const limited = AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]);
    const readiness = await probeTarget(target, client, { signal: limited, now: options.now });
    if (readiness.ready) ready.add(target.endpoint.url);
    return readiness;
  }

  async function deliverKind(spool: Spool, kind: SpoolKind, target: Target, signal: AbortSignal): Promise<KindReport> {
    const { url } = target.endpoint;
    const known = { url, configured: !target.found };
    const readiness = await probe(target, signal);
    if (!readiness.ready) {
      const { clockAheadMs } = readiness;
      const reason = options.mask(readiness.reason);
      spool.note(kind, reason);
      return { ...known, ...NONE, done: false, reason, ...(clockAheadMs === undefined ? {} : { clockAheadMs }) };
    }
    const client = await clientOf(target);
    const { sender, batch } = senderOf(kind, target, client);
    const send: Send = async (records, ended) => {
      const verdict = await sender(records, ended);
      return verdict.reason === undefined ? verdict : { ...verdict, reason: options.mask(verdict.reason) };
    };
    const delivery = await spool.deliver(kind, send, { signal, ...(batch === undefined ? {} : { batch }) });
    if (!delivery.done) ready.delete(url);
    return { ...known, ...delivery };
  }

  function senderOf(kind: SpoolKind, target: Target, client: HttpClient) {
    if (kind !== 'samples') return { sender: createOtlpSender(target, client, options), batch: ONE_REQUEST };
    if (target.protocol !== 'pushgateway') return { sender: createSampleSender(target, client, options) };
    return { sender: createPushgatewaySender(target, client, options), batch: PUSHGATEWAY_BATCH };
  }

  async function report(spool: Spool, kind: SpoolKind, signal: AbortSignal): Promise<KindReport> {
    const target = targetOf(kind, options.settings, options.installed());
    if (target !== undefined) return await deliverKind(spool, kind, target, signal);
    return { ...NONE, done: false, configured: false, reason: 'nothing is known that takes it' };
  }

  return {
    async deliver(spool, signal, { atOnce } = { atOnce: false }) {
      const waiting = SPOOL_KINDS.filter((kind) => spool.stats(kind).records > 0);
      const reports: Partial<Record<SpoolKind, KindReport>> = {};
      const add = async (kind: SpoolKind): Promise<void> => {
        reports[kind] = await report(spool, kind, signal);
      };
      if (atOnce) await Promise.all(waiting.map(add));
      else for (const kind of waiting) await add(kind);
      return reports;
    },
  };
}
