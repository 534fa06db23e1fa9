/** Times as people read them. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** @param ms as short as it stays useful: `0.4s`, `8.2s`, `42s`, `2m05s`, `1h05m`, `3d04h` */
export function formatDuration(ms: number): string {
  const known = Number.isFinite(ms) && ms > 0 ? ms : 0;
  if (known < 9_950) return `${(known / SECOND).toFixed(1)}s`;
  return formatSeconds(Math.round(known / SECOND) * SECOND);
}

/** A time that is still running: whole seconds, so that a line changes once a second. */
export function formatElapsed(ms: number): string {
  return formatSeconds(Number.isFinite(ms) && ms > 0 ? ms : 0);
}

/** @param ms since then; `just now`, `3 min ago`, `2 h ago`, `5 days ago`. A clock that went back gives `just now`. */
export function formatAgo(ms: number): string {
  if (!(ms >= MINUTE)) return 'just now';
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ago`;
  const days = Math.floor(ms / DAY);
  return days === 1 ? 'yesterday' : `${days} days ago`;
}

function formatSeconds(ms: number): string {
  if (ms < MINUTE) return `${Math.floor(ms / SECOND)}s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)}m${twoDigits((ms % MINUTE) / SECOND)}s`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)}h${twoDigits((ms % HOUR) / MINUTE)}m`;
  return `${Math.floor(ms / DAY)}d${twoDigits((ms % DAY) / HOUR)}h`;
}

function twoDigits(value: number): string {
  return String(Math.floor(value)).padStart(2, '0');
}
