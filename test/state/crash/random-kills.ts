import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startWriter } from './harness.ts';
import { findLoss, type Keeper } from './model.ts';
import { randomFrom } from './random.ts';
import type { SweepResult } from './sweep.ts';

export interface KillOptions {
  keeper: Keeper;
  kills: number;
  folder: string;
  seed: number;
}

/** Kills writers at any moment, folds of the readable document included, and compares what is left with what they said. */
export async function killAtRandom({ keeper, kills, folder, seed }: KillOptions): Promise<SweepResult> {
  const random = randomFrom(seed);
  const result: SweepResult = { points: 0, failures: [] };
  for (let kill = 1; kill <= kills; kill += 1) {
    const home = mkdtempSync(join(folder, 'kill-'));
    const writer = await startWriter(keeper, home, 1_000_000);
    writer.go();
    await writer.reached(1 + Math.floor(random() * 20));
    await sleep(random() * 150);
    process.kill(writer.pid, 'SIGKILL');
    const { durable, soft } = await writer.ended;
    const loss = findLoss(keeper, home, Math.max(durable, soft));
    result.points += 1;
    if (loss === undefined) rmSync(home, { recursive: true });
    else result.failures.push(`kill ${kill} of seed ${seed}: ${loss}`);
  }
  return result;
}
