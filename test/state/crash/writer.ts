/**
 * A program to be killed: writer.ts KEEPER HOME COUNT. Says "ready", waits for a line, records changes and says
 * "ack N" after each one that is durable, "soft N" after one that only outlives the process, and "done".
 * Ends with 5 and "error CODE" when the state cannot be written.
 */
import { mkdirSync, writeFileSync, writevSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Low } from 'lowdb';
import { JSONFile } from 'lowdb/node';
import { InstallerError } from '../../../src/errors/installer-error.ts';
import { applyChange } from '../../../src/state/apply-change.ts';
import type { StateDocument } from '../../../src/state/document.ts';
import { statePaths } from '../../../src/state/paths.ts';
import { openState, type StateStore } from '../../../src/state/store.ts';
import { CLUSTER, changeOf, controlFile, type Keeper, PLAN } from './model.ts';

const [keeper, home = '', count = '0'] = process.argv.slice(2);
const total = Number(count);

/** Two buffers make it a writev: faults that the harness injects into other calls must not hit what it reads. */
function say(line: string): void {
  writevSync(1, [Buffer.from(line), Buffer.from('\n')]);
}

async function writeStore(): Promise<void> {
  // Many at once into an empty place: the files are made while changes keep coming.
  const first = await open();
  const together: Promise<void>[] = [];
  let n = 0;
  for (; n < Math.min(6, total); ) {
    n += 1;
    const record = acknowledge(first, n);
    record.catch(() => undefined);
    together.push(record);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(together);
  for (; n < total / 2; ) {
    n += 1;
    await acknowledge(first, n, n % 5 !== 0);
  }
  await first.close();
  const second = await open();
  for (; n < total; ) {
    n += 1;
    await acknowledge(second, n, n % 5 !== 0);
  }
  await second.close();
}

function open(): Promise<StateStore> {
  return openState(statePaths(home, CLUSTER, PLAN), { cluster: CLUSTER, plan: PLAN });
}

async function acknowledge(store: StateStore, n: number, durable = true): Promise<void> {
  await store.record(changeOf(n), { durable });
  say(`${durable ? 'ack' : 'soft'} ${n}`);
}

async function writeControl(write: (document: StateDocument) => unknown, document: StateDocument): Promise<void> {
  for (let n = 1; n <= total; n += 1) {
    applyChange(document, changeOf(n), n);
    await write(document);
    say(`ack ${n}`);
  }
}

const empty: StateDocument = { version: '1.1', cluster_name: CLUSTER, revision: 0, steps: {} };
const file = controlFile(home);
const low = new Low(new JSONFile<StateDocument>(file), empty);
const keepers: Record<Keeper, () => Promise<void>> = {
  store: writeStore,
  lowdb: () => writeControl(() => low.write(), low.data),
  overwrite: () => writeControl((document) => writeFileSync(file, JSON.stringify(document)), empty),
};

// The thread pool's only thread starts with its first use, and has to be there for the harness to attach to it.
await stat('/');
mkdirSync(home, { recursive: true });
say('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));
process.stdin.destroy();
try {
  await keepers[keeper as Keeper]();
  say('done');
} catch (thrown) {
  const code = thrown instanceof InstallerError ? thrown.code : `unexpected ${String(thrown)}`;
  say(`error ${code}`);
  process.exitCode = thrown instanceof InstallerError ? thrown.exitCode : 99;
}
