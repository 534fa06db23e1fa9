import { findSpans, MASK } from './find-spans.ts';
import { SHORTEST_SECRET } from './secret-forms.ts';

/** Hides secrets in a stream of bytes. */
export interface StreamMask {
  /** @returns what no secret can reach any more; the rest is held back */
  push(chunk: Buffer): Buffer;
  /** @returns what was held back; a secret that broke off in the middle is hidden, too */
  end(): Buffer;
}

/**
 * Emits only what no secret can reach any more, and so holds at most the longest form less one byte.
 *
 * @param forms to hide, as latin1: bytes are matched, so that a secret cut in the middle of a character is still found
 */
export function createStreamMask(forms: readonly string[]): StreamMask {
  const longest = forms.reduce((length, form) => Math.max(length, form.length), 1);
  let held = '';
  // Where, in `held`, the secret ends whose mask was written last; negative when something else follows it already.
  let masked = -1;

  function advance(lastStart: number, cutFrom?: number): string {
    let out = '';
    let from = Math.max(0, masked);
    for (const [start, end] of findSpans(held, forms, cutFrom === undefined ? { lastStart } : { lastStart, cutFrom })) {
      if (start > masked) out += held.slice(from, start) + MASK;
      masked = Math.max(masked, end);
      from = masked;
    }
    const keepFrom = Math.min(held.length, lastStart + 1);
    if (from < keepFrom) out += held.slice(from, keepFrom);
    masked = Math.max(-1, masked - keepFrom);
    held = held.slice(keepFrom);
    return out;
  }

  return {
    push(chunk) {
      held += chunk.toString('latin1');
      return Buffer.from(held.length < longest ? '' : advance(held.length - longest), 'latin1');
    },
    end() {
      return Buffer.from(advance(Number.POSITIVE_INFINITY, SHORTEST_SECRET), 'latin1');
    },
  };
}
