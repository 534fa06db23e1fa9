import { mkdir, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Response } from 'undici';
import { InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import { getUrl, type HttpOptions } from './http-request.ts';
import { createPartialFile, type PartialFile } from './partial-file.ts';
import { fetchSum } from './sums.ts';

export interface DownloadRequest extends HttpOptions {
  /** Sources of the same file; the next is tried when one fails. */
  urls: readonly string[];
  /** Path of the file to write; its folder is made when missing. Replaced only by a complete, checked file. */
  output: string;
  /** Expected SHA-256, 64 hex digits. */
  sha256?: string;
  /** Published file of SHA-256 sums which names the file as the first URL does; used when `sha256` is absent. */
  sumsUrl?: string;
  /** Permission bits of the file. Default: 0644. */
  mode?: number;
  /** Told at most five times a second; `total` is absent when the server does not say. */
  onProgress?: (progress: { bytes: number; total?: number }) => void;
}

export interface Downloaded {
  /** The one that gave the file. */
  url: string;
  /** Of the file as written, 64 hex digits. */
  sha256: string;
  bytes: number;
}

const PROGRESS_EVERY_MS = 200;
/** Kept free on the disk besides the file itself. */
const RESERVE_BYTES = 16 << 20;

/**
 * Downloads a file: streamed beside its target, checked, made durable, then renamed. No partial file stays.
 *
 * @throws InstallerError `step_failed` with a class: network_timeout, network_reset, dns, tls, rate_limited, server_error,
 *   not_found, unauthorized, checksum, disk_full. With several URLs it is the last one's, the others are in `lines`
 */
export async function downloadFile(request: DownloadRequest): Promise<Downloaded> {
  const [first] = request.urls;
  if (first === undefined) throw new InstallerError('usage', 'a download needs at least one URL');
  await mkdir(dirname(request.output), { recursive: true });
  const expected =
    request.sha256 ??
    (request.sumsUrl === undefined ? undefined : await fetchSum(request.sumsUrl, fileNameOf(first), request));
  const failures: InstallerError[] = [];
  for (const url of request.urls) {
    try {
      return await downloadFrom(url, expected, request);
    } catch (thrown) {
      request.signal?.throwIfAborted();
      const failure = toInstallerError(thrown);
      failures.push(failure);
      // Another source does not make the disk larger.
      if (failure.class === 'disk_full') break;
    }
  }
  const last = failures.at(-1) as InstallerError;
  throw failures.length === 1 ? last : last.with({ lines: failures.map((failure) => failure.message) });
}

/** Last part of a URL's path, decoded. */
export function fileNameOf(url: string): string {
  return decodeURIComponent(new URL(url).pathname.split('/').at(-1) ?? '');
}

async function downloadFrom(url: string, expected: string | undefined, request: DownloadRequest): Promise<Downloaded> {
  return getUrl(url, request, async (response) => {
    const total = lengthOf(response);
    await refuseFullDisk(request.output, total);
    const partial = await createPartialFile(request.output, request.mode ?? 0o644);
    try {
      await receive(response, partial, total, request);
      const sha256 = partial.digest();
      refuseWrongSum(url, sha256, expected);
      await partial.publish();
      return { url, sha256, bytes: partial.bytes };
    } finally {
      await partial.discard();
    }
  });
}

async function receive(
  response: Response,
  partial: PartialFile,
  total: number | undefined,
  { onProgress }: DownloadRequest,
): Promise<void> {
  let toldAt = 0;
  for await (const chunk of response.body ?? []) {
    await partial.write(chunk);
    if (onProgress !== undefined && performance.now() - toldAt >= PROGRESS_EVERY_MS) {
      toldAt = performance.now();
      onProgress({ bytes: partial.bytes, ...(total === undefined ? {} : { total }) });
    }
  }
}

function lengthOf(response: Response): number | undefined {
  const length = response.headers.get('content-length');
  return length !== null && /^\d+$/.test(length) ? Number(length) : undefined;
}

async function refuseFullDisk(output: string, bytes = 0): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(output));
  const free = bavail * bsize;
  if (free >= bytes + RESERVE_BYTES) return;
  const megabytes = (size: number) => `${Math.ceil(size / 1e6)} MB`;
  throw new InstallerError(
    'step_failed',
    `${dirname(output)} has ${megabytes(free)} free, but ${megabytes(bytes + RESERVE_BYTES)} are needed`,
    { class: 'disk_full', hint: 'make room on that disk, then run the same command again' },
  );
}

function refuseWrongSum(url: string, sha256: string, expected: string | undefined): void {
  if (expected === undefined || sha256 === expected.toLowerCase()) return;
  throw new InstallerError('step_failed', `${url} has not the published checksum; the file was thrown away`, {
    class: 'checksum',
    lines: [`expected sha256 ${expected.toLowerCase()}`, `received sha256 ${sha256}`],
    hint: 'the file was changed on the way (a proxy, a captive portal) or at its source: do not use it',
  });
}
