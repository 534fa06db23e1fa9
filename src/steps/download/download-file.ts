import { constants } from 'node:fs';
import { access, mkdir } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import type { Guard, GuardedAttempt } from '../../resilience/guard.ts';
import type { RetryPolicy } from '../../resilience/policy.ts';
import { printableUrl } from '../../resilience/printable-url.ts';
import { type Target, targetOf } from '../../resilience/target.ts';
import { mayContinue } from './continuation.ts';
import { createDigest } from './digest.ts';
import { fetchSmall } from './fetch-small.ts';
import type { HttpSettings } from './http/exchange.ts';
import { plainAddress } from './http/follow.ts';
import { createPace, MAX_STREAMS } from './pace.ts';
import { openPartialFile } from './partial-file.ts';
import { createReach, type Reach } from './reach.ts';
import { fetchSum, type Sum } from './sums.ts';
import { transfer } from './transfer.ts';
import { verifySignature } from './verify-signature.ts';

export interface DownloadRequest extends HttpSettings {
  /** Sources of the same file; the next is tried when one fails. */
  urls: readonly string[];
  /** Path of the file to write; its folder is made when missing. Replaced only by a complete, checked file. */
  output: string;
  /** The path, on the same disk, beside which an unfinished file is kept. Default: `output`. */
  keepBeside?: string;
  /** Expected SHA-256 (64 hex digits) or SHA-512 (128). */
  sum?: Sum;
  /** Published file of sums which names the file as a URL or `output` does; used when `sum` is absent. */
  sumsUrl?: string;
  /** A detached OpenPGP signature of the file, and the file of the public keys that are trusted. */
  signature?: { url: string; keyring: string };
  /** Permission bits of the file. Default: 0644. */
  mode?: number;
  /** Most connections at the same time, where more than one pays. Default: {@link MAX_STREAMS}. */
  streams?: number;
  /** What differs from the policy of downloads. */
  policy?: Partial<RetryPolicy>;
  signal: AbortSignal;
  /** Told at most five times a second; `total` is absent when the server does not say. */
  onProgress?: (progress: { bytes: number; total?: number }) => void;
  /** Told what a user should know: bytes that were there already, another program that had to fetch. */
  onNotice?: (message: string) => void;
}

export interface Downloaded {
  /** The one that gave the file, without query and credentials. */
  url: string;
  /** Of the file as written. */
  sum: Sum;
  bytes: number;
  /** Of these, what an earlier attempt or run had left. */
  resumed: number;
  /** Whether a checksum or a signature was there to compare with. */
  verified: boolean;
}

interface Source {
  target: Target;
  id: string;
  url: string;
}

/**
 * Downloads a file: streamed beside its target, checked, made durable, then renamed. What was received of it when it
 * fails, or is interrupted, stays beside the target, and a later call goes on from there, provided that the server's
 * validators, or the checksum, say that it still belongs together.
 *
 * @throws InstallerError `step_failed` with a class: network_timeout, network_reset, dns, tls, rate_limited, server_error,
 *   not_found, unauthorized, checksum, disk_full; as {@link Guard.callAny}
 */
export async function downloadFile(guard: Guard, request: DownloadRequest): Promise<Downloaded> {
  const { urls, signal, policy = {}, signature } = request;
  if (urls.length === 0) throw new InstallerError('usage', 'a download needs at least one URL');
  await makeWritable(dirname(request.output));
  const reach = createReach(request, (by, why) => request.onNotice?.(`${by} fetches it: ${why}`));
  const options = { policy, signal };
  const sum = request.sum ?? (await publishedSum(guard, request, reach));
  const digest = createDigest(sum?.algorithm ?? 'sha256');
  const sources = urls.map((url): Source => ({ target: targetOf('download', url), id: plainAddress(url), url }));
  const partial = await openPartialFile(
    request.keepBeside ?? request.output,
    ({ sum: of, source }) => of === sum?.hex && (of !== undefined || sources.some(({ id }) => id === source)),
  );
  const resumed = partial.bytes;
  /** What is there is not all from one source, or from an earlier run. */
  let mixed = resumed > 0;
  if (resumed > 0) request.onNotice?.(`${megabytes(resumed)} of ${basename(request.output)} are there already`);
  try {
    const { url, target } = await guard.callAny(
      `download ${plainAddress(urls[0] ?? '')}`,
      sources,
      (source, attempt) => fetchFrom(source, attempt),
      { verified: sum !== undefined, ...options },
    );
    const bytes = partial.bytes;
    if (signature !== undefined) {
      const { keyring } = signature;
      const detached = await guard.call(
        targetOf('download', signature.url),
        ({ signal: ended, tell }) =>
          reach.attempt(
            ({ client }, answered) =>
              fetchSmall(signature.url, { client, signal: ended, tell: telling(tell, answered) }),
            ended,
          ),
        options,
      );
      await checkSignature(target, { signature: detached, keyring });
    }
    const hex = digest.hex();
    await partial.publish(request.output, request.mode ?? 0o644);
    const verified = sum !== undefined || signature !== undefined;
    return { url: plainAddress(url), sum: { algorithm: digest.algorithm, hex }, bytes, resumed, verified };
  } catch (thrown) {
    if (isUseless(thrown) || !mayContinue(partial.about, partial.about.source ?? '')) await partial.discard();
    else await partial.keep();
    throw thrown;
  }

  async function fetchFrom(source: Source, attempt: GuardedAttempt): Promise<Source> {
    if (partial.bytes > 0 && partial.about.source !== source.id) mixed = true;
    await fetchOnce(source, attempt);
    if (sum === undefined) return source;
    if (mixed && digest.hex() !== sum.hex) {
      request.onNotice?.('what was there already does not belong to it; it is fetched anew');
      await forget();
      await fetchOnce(source, attempt);
    }
    const hex = digest.hex();
    guard.checked(source.target, hex === sum.hex);
    if (hex === sum.hex) return source;
    // Nobody, the next source least of all, may go on with it.
    await forget();
    throw wrongSum(source.id, sum, hex);
  }

  async function fetchOnce({ url }: Source, { signal: ended, tell }: GuardedAttempt): Promise<void> {
    const pace = createPace(request.streams ?? MAX_STREAMS);
    const given = {
      ...(sum === undefined ? {} : { sum: sum.hex }),
      ...(request.onProgress === undefined ? {} : { onProgress: request.onProgress }),
    };
    await reach.attempt(
      ({ client, by }, answered) =>
        transfer({
          ...given,
          client,
          url,
          partial,
          digest,
          signal: ended,
          tell: telling(tell, answered),
          // One program after the other, not four of them.
          ...(by === undefined ? { pace } : {}),
        }),
      ended,
    );
  }

  async function forget(): Promise<void> {
    mixed = false;
    digest.reset();
    await partial.begin({});
  }

  async function checkSignature(target: Target, check: { signature: Uint8Array; keyring: string }): Promise<void> {
    try {
      await verifySignature({ ...check, path: resolve(partial.path), env: request.env, signal });
      guard.checked(target, true);
    } catch (thrown) {
      if (thrown instanceof InstallerError && thrown.class === 'checksum') guard.checked(target, false);
      throw thrown;
    }
  }
}

/** Last part of a URL's path, decoded. */
export function fileNameOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
}

async function publishedSum(guard: Guard, request: DownloadRequest, reach: Reach): Promise<Sum | undefined> {
  const { sumsUrl, urls, output, policy = {}, signal } = request;
  if (sumsUrl === undefined) return undefined;
  const names = [...new Set([...urls.map(fileNameOf), basename(output)])];
  return await guard.call(
    targetOf('download', sumsUrl),
    ({ signal: ended, tell }) =>
      reach.attempt(
        ({ client }, answered) => fetchSum(sumsUrl, names, { client, signal: ended, tell: telling(tell, answered) }),
        ended,
      ),
    { policy, signal },
  );
}

/** A server that has answered was reached, whatever it said; a proxy that asks for a login is none. */
function telling(tell: GuardedAttempt['tell'], answered: () => void): GuardedAttempt['tell'] {
  return (facts) => {
    tell(facts);
    if (facts.status !== undefined && facts.status !== 407) answered();
  };
}

function wrongSum(url: string, { algorithm, hex }: Sum, received: string): InstallerError {
  return new InstallerError(
    'step_failed',
    `${printableUrl(url)} has not the published checksum; the file was thrown away`,
    {
      class: 'checksum',
      lines: [`expected ${algorithm} ${hex}`, `received ${algorithm} ${received}`],
      hint: 'the file was changed on the way (a proxy, a captive portal) or at its source: do not use it',
    },
  );
}

/** What was received is wrong, or in the way. */
function isUseless(thrown: unknown): boolean {
  return thrown instanceof InstallerError && (thrown.class === 'checksum' || thrown.class === 'disk_full');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

/** Before anything is asked of a server. @throws InstallerError `step_failed` naming the folder */
async function makeWritable(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new InstallerError('step_failed', `nothing can be written into ${folder}: ${why}`, {
      hint: 'make that folder writable for this user, or choose another for the output',
      cause: thrown,
    });
  }
}
