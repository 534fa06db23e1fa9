import type { SharedStore } from './shared-store.ts';

/** What is remembered of the sources of one thing. */
interface SourcesRecord {
  version: 1;
  /** When each that failed did so last. */
  failed: Readonly<Record<string, number>>;
  /** The one that last gave it. */
  worked?: string;
}

/** A source that failed is tried last for so long; then it has its old place again. */
const FORGET_MS = 300_000;
const MAX_REMEMBERED = 32;

const key = (name: string): string => `sources:${name}`;

/**
 * The order in which sources are tried: as they are listed, but those that failed lately come last, and among these
 * the one that worked since comes first.
 *
 * @param idOf names a source; the same in every run
 */
export function orderSources<S>(
  store: SharedStore,
  name: string,
  sources: readonly S[],
  idOf: (source: S) => string,
  now: number,
): readonly S[] {
  const { failed } = asRecord(store.read(key(name)));
  const failedAt = (source: S): number => {
    const at = failed[idOf(source)] ?? 0;
    return at > now - FORGET_MS && at <= now ? at : 0;
  };
  // Sorting is stable: what did not fail stays as listed.
  return [...sources].sort((a, b) => failedAt(a) - failedAt(b));
}

/** Remembers which sources failed, and which one gave the thing. */
export async function rememberSources(
  store: SharedStore,
  name: string,
  outcome: { failed: readonly string[]; worked?: string },
  now: number,
): Promise<void> {
  const before = asRecord(store.read(key(name)));
  if (outcome.failed.length === 0 && (outcome.worked === undefined || before.failed[outcome.worked] === undefined))
    return;
  await store.update(key(name), (current) => {
    const record = asRecord(current);
    const failed = { ...record.failed };
    for (const id of outcome.failed) failed[id] = now;
    if (outcome.worked !== undefined) delete failed[outcome.worked];
    const latest = Object.entries(failed)
      .sort(([, a], [, b]) => b - a)
      .slice(0, MAX_REMEMBERED);
    const worked = outcome.worked ?? record.worked;
    const next: SourcesRecord = {
      version: 1,
      failed: Object.fromEntries(latest),
      ...(worked === undefined ? {} : { worked }),
    };
    return { next: latest.length === 0 ? undefined : next, result: undefined };
  });
}

function asRecord(found: unknown): SourcesRecord {
  const record = found as Partial<SourcesRecord> | undefined;
  const usable = record?.version === 1 && typeof record.failed === 'object' && record.failed !== null;
  return usable ? (record as SourcesRecord) : { version: 1, failed: {} };
}
