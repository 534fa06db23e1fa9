import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../../system/durable-file.ts';

/** How far a queue has been delivered, and what became of it. */
export interface Cursor {
  /** Records of this segment up to `offset`, and all earlier segments, are done with. */
  segment: number;
  offset: number;
  /** Samples, spans or log lines: taken by a receiver, refused by one for good, too old or too many. */
  delivered: number;
  rejected: number;
  expired: number;
  /** The last try. */
  last?: { at: string; ok: boolean; reason?: string };
  /** Why something was last refused for good. */
  rejection?: string;
}

const NOTHING_DELIVERED: Cursor = { segment: 0, offset: 0, delivered: 0, rejected: 0, expired: 0 };

export function readCursor(folder: string): Cursor {
  try {
    const cursor = JSON.parse(readFileSync(pathIn(folder), 'utf8')) as Partial<Cursor>;
    return { ...NOTHING_DELIVERED, ...cursor };
  } catch {
    // Written as a whole or not at all: nothing was ever delivered.
    return NOTHING_DELIVERED;
  }
}

/** Resolves when the cursor would survive a power cut: only then may what lies before it be forgotten. */
export async function writeCursor(folder: string, cursor: Cursor): Promise<void> {
  await writeDurably(pathIn(folder), `${JSON.stringify(cursor)}\n`);
}

function pathIn(folder: string): string {
  return join(folder, 'cursor.json');
}
