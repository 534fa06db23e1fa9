import type { ResilienceEvent } from '../resilience/events.ts';
import { failuresOf, type StatisticsByTarget } from '../resilience/statistics.ts';
import { targetId } from '../resilience/target.ts';
import { formatDuration } from './format-time.ts';
import { cleanLine } from './text.ts';

/** What a user wants to know at once, in one line; undefined for what is only counted. */
export function resilienceLine(event: ResilienceEvent): string | undefined {
  const { name } = event.target;
  switch (event.type) {
    case 'target_tried': {
      const { attempt, class: errorClass, message = '', retryInMs } = event;
      // The last failure is told by the error that follows.
      if (errorClass === undefined || retryInMs === undefined) return undefined;
      const next = `again in ${formatDuration(retryInMs)}`;
      return cleanLine(`${name}: attempt ${attempt} failed (${errorClass}): ${message}; ${next}`);
    }
    case 'breaker_changed':
      if (event.state === 'open')
        return `${name}: fails too often, is left alone for a while (${targetId(event.target)})`;
      return event.state === 'closed' ? `${name}: is well again` : undefined;
    case 'fallback_taken':
      return cleanLine(
        event.verified
          ? `${name}: taken from ${event.to} instead (same checksum)`
          : `${name}: taken from ${event.to} instead; no checksum tells that it is the same`,
      );
    case 'checksum_compared':
    case 'target_rejected':
      return undefined;
  }
}

/** The services that made trouble, the worst first: a line each. Nothing for those that just worked. */
export function troubleLines(targets: StatisticsByTarget): string[] {
  return Object.entries(targets)
    .filter(([, seen]) => failuresOf(seen) + seen.rejected + seen.fallbacks + seen.checksum_failures > 0)
    .sort(([, a], [, b]) => failuresOf(b) - failuresOf(a))
    .map(([id, seen]) => {
      const classes = Object.entries(seen.errors)
        .sort(([, a], [, b]) => b - a)
        .map(([name, count]) => `${count} ${name}`)
        .join(', ');
      const parts = [
        `${seen.first} of ${seen.calls} at once`,
        ...(classes === '' ? [] : [classes]),
        ...(seen.recovered === 0 ? [] : [`recovered in ${formatDuration(seen.recovery_ms / seen.recovered)}`]),
        ...(seen.exhausted === 0 ? [] : [`${seen.exhausted} given up`]),
        ...(seen.rejected === 0 ? [] : [`${seen.rejected} stopped by the breaker`]),
        ...(seen.fallbacks === 0 ? [] : [`${seen.fallbacks} from elsewhere`]),
        ...(seen.checksum_failures === 0 ? [] : [`${seen.checksum_failures} wrong checksums`]),
      ];
      return `${id}  ${parts.join(' · ')}`;
    });
}
