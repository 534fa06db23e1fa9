import { formatDuration } from './format-time.ts';

export interface DownloadView {
  /** Draws the line anew. */
  show(progress: { bytes: number; total?: number }): void;
  /** Takes the line away. */
  clear(): void;
  /** What came of it, in one line. */
  summary(
    output: string,
    downloaded: { url: string; bytes: number; resumed: number; verified: boolean },
    ms: number,
  ): string;
}

export interface DownloadViewOptions {
  /** Undefined: nothing is drawn. */
  stream: { write(text: string): unknown; columns?: number | undefined } | undefined;
  /** Milliseconds. */
  now(): number;
}

/** The rate is that of the last seconds: what was before a stall says nothing of what comes. */
const WINDOW_MS = 5_000;
const ERASE_LINE = '\r\u001b[K';

/** One line that tells how far a download is, how fast, and how long it will take. */
export function createDownloadView({ stream, now }: DownloadViewOptions): DownloadView {
  let seen: { at: number; bytes: number }[] = [];
  let drawn = false;
  return {
    show({ bytes, total }) {
      const at = now();
      seen = [...seen.filter((one) => one.at > at - WINDOW_MS && one.bytes <= bytes), { at, bytes }];
      const rate = rateOf(seen);
      const parts = [total === undefined ? size(bytes) : `${size(bytes)} of ${size(total)} (${percent(bytes, total)})`];
      if (rate > 0) parts.push(`${size(rate)}/s`);
      if (rate > 0 && total !== undefined) parts.push(`${formatDuration(((total - bytes) / rate) * 1000)} left`);
      stream?.write(ERASE_LINE + parts.join(', ').slice(0, Math.max(0, (stream.columns ?? 80) - 1)));
      drawn = true;
    },
    clear() {
      if (drawn) stream?.write(ERASE_LINE);
      drawn = false;
    },
    summary(output, { url, bytes, resumed, verified }, ms) {
      const fetched = bytes - resumed;
      const rate = ms > 0 && fetched > 0 ? `, ${size((fetched / ms) * 1000)}/s` : '';
      const check = verified ? 'checked' : 'not checked: no checksum was given';
      const before = resumed > 0 ? `, ${size(resumed)} were there already` : '';
      return `${output}: ${size(bytes)} from ${url} in ${formatDuration(ms)}${rate}${before}; ${check}`;
    },
  };
}

function rateOf(seen: readonly { at: number; bytes: number }[]): number {
  const [first, last] = [seen[0], seen.at(-1)];
  if (first === undefined || last === undefined || last.at <= first.at) return 0;
  return ((last.bytes - first.bytes) / (last.at - first.at)) * 1000;
}

function percent(bytes: number, total: number): string {
  return `${total === 0 ? 100 : Math.floor((bytes / total) * 100)} %`;
}

function size(bytes: number): string {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(2)} GB`;
  return bytes >= 1e6 ? `${(bytes / 1e6).toFixed(1)} MB` : `${Math.ceil(bytes / 1e3)} kB`;
}
