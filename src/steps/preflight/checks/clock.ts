import type { Check, CheckEnv, Finding } from '../check.ts';
import { askDocker } from '../docker-info.ts';

/** Another clock to compare ours with. */
export interface ClockReference {
  /** As it stands in a message: `the Docker engine`. */
  name: string;
  /** Milliseconds by which it is ahead of ours; undefined when it cannot be asked. */
  offsetMs(env: CheckEnv): Promise<number | undefined>;
  /** What to do when they differ. */
  hint: string;
}

/** No release of this program is older: a clock before it is wrong. */
const EARLIEST_YEAR = 2025;
const LATEST_YEAR = 2100;
const MINUTE = 60_000;
/** Beyond these, samples are refused or certificates not yet, or no longer, valid. */
const BACKWARDS_WARNING_MS = 5 * MINUTE;
const OFFSET_WARNING_MS = MINUTE;
const OFFSET_ERROR_MS = 24 * 60 * MINUTE;
/** It waits for answers that other checks ask for. */
const TIMEOUT_MS = 30_000;

const SET = 'set the clock: sudo timedatectl set-ntp true   (or: sudo date -s "YYYY-MM-DD hh:mm:ss")';

/** Whether the clock can be right: its year, no step backwards since the last run, and near other clocks that answer. */
export function clockCheck(references: readonly ClockReference[] = []): Check {
  return { id: 'clock', title: 'clock', timeoutMs: TIMEOUT_MS, run: (env) => checkClock(references, env) };
}

async function checkClock(references: readonly ClockReference[], env: CheckEnv): Promise<Finding> {
  const now = env.clock.now();
  const shown = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const year = new Date(now).getUTCFullYear();
  if (year < EARLIEST_YEAR || year > LATEST_YEAR) {
    return { level: 'error', message: `says ${shown}, which cannot be`, hint: SET };
  }
  const back = (env.recordedAt ?? now) - now;
  if (back > BACKWARDS_WARNING_MS) {
    const message = `says ${shown}, ${formatSpan(back)} before the last recorded run`;
    return { level: 'warning', message, hint: SET };
  }
  const offsets = await Promise.all(references.map((reference) => reference.offsetMs(env)));
  const worst = references
    .map((reference, index) => ({ reference, offset: offsets[index] ?? 0 }))
    .sort((a, b) => Math.abs(b.offset) - Math.abs(a.offset))[0];
  if (worst === undefined || Math.abs(worst.offset) < OFFSET_WARNING_MS) return { level: 'ok', message: shown };
  const { reference, offset } = worst;
  return {
    level: Math.abs(offset) >= OFFSET_ERROR_MS ? 'error' : 'warning',
    message: `${formatSpan(Math.abs(offset))} ${offset > 0 ? 'behind' : 'ahead of'} ${reference.name}`,
    hint: reference.hint,
  };
}

/** The clock of the Docker engine: in a virtual machine it stops while the computer sleeps. */
export const dockerClock: ClockReference = {
  name: 'the Docker engine',
  hint: 'restart Docker (a virtual machine’s clock stands still while the computer sleeps), or set the clock',
  offsetMs: async (env) => {
    const answer = await askDocker(env);
    const time = answer.reached ? Date.parse(answer.info.SystemTime) : Number.NaN;
    return answer.reached && Number.isFinite(time) ? time - answer.receivedAt : undefined;
  },
};

function formatSpan(ms: number): string {
  const minutes = Math.round(ms / MINUTE);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.round(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.round(hours / 24)} days`;
}
