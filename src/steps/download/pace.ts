/** Decides, from what is measured, whether one more stream would make a download faster. */
export interface Pace {
  /**
   * @param now milliseconds
   * @param bytes received so far, by all streams
   * @param streams that run now
   * @param left bytes still to come
   */
  wantsMore(now: number, bytes: number, streams: number, left: number): boolean;
  /** Another stream was refused, or cut: it stays with those that run. */
  settle(): void;
}

export const MAX_STREAMS = 4;
/** Long enough for a connection to find its speed. */
const WINDOW_MS = 1_000;
/** Faster than this, a stream is limited by this machine and not by its way: bytes a second. */
const FAST = 60e6;
/** What is left must take longer than a new connection needs to pay. */
const WORTH_MS = 3_000;
/** A stream that brings less than this has not paid, and none is added after it. */
const GAIN = 1.15;

/** @param most streams at the same time */
export function createPace(most: number): Pace {
  let began: { at: number; bytes: number; streams: number } | undefined;
  let rateBefore = 0;
  let settled = false;
  return {
    wantsMore(now, bytes, streams, left) {
      if (settled || streams >= most) return false;
      if (began === undefined || began.streams !== streams) {
        began = { at: now, bytes, streams };
        return false;
      }
      if (now - began.at < WINDOW_MS) return false;
      const rate = ((bytes - began.bytes) / (now - began.at)) * 1000;
      began = { at: now, bytes, streams };
      if (rate <= 0) return false;
      if (rate / streams > FAST || (left / rate) * 1000 < WORTH_MS) return false;
      if (streams > 1 && rate < rateBefore * GAIN) {
        settled = true;
        return false;
      }
      rateBefore = rate;
      return true;
    },
    settle() {
      settled = true;
    },
  };
}
