import type { SharedStore } from './shared-store.ts';
import { addStatistics, type StatisticsByTarget } from './statistics.ts';

interface StatisticsRecord {
  version: 1;
  targets: StatisticsByTarget;
}

const ID = 'statistics';
/** Whoever asks more targets than this is not asking few services often; the quietest are forgotten. */
const MAX_TARGETS = 200;

/** Adds what a run or command has seen to what this home knows. Best effort, as the store. */
export async function rememberStatistics(store: SharedStore, seen: StatisticsByTarget): Promise<void> {
  if (Object.keys(seen).length === 0) return;
  await store.update(ID, (current) => {
    const all = Object.entries(addStatistics(asTargets(current), seen));
    const kept = all.sort(([, a], [, b]) => b.attempts - a.attempts).slice(0, MAX_TARGETS);
    const next: StatisticsRecord = { version: 1, targets: Object.fromEntries(kept) };
    return { next, result: undefined };
  });
}

/** What all runs and commands of this home have seen. */
export function readStatistics(store: SharedStore): StatisticsByTarget {
  return asTargets(store.read(ID));
}

function asTargets(found: unknown): StatisticsByTarget {
  const record = found as Partial<StatisticsRecord> | undefined;
  return record?.version === 1 && typeof record.targets === 'object' && record.targets !== null ? record.targets : {};
}
