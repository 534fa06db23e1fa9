import { appendFileSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  createSpool,
  type Send,
  type SpoolOptions,
  type SpoolRecord,
  type Verdict,
} from '../../../src/telemetry/spool/spool.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const signal = new AbortController().signal;

async function open(options: Partial<SpoolOptions> = {}) {
  const folder = options.folder ?? join(await makeTempFolder(), 'spool');
  return { folder, spool: createSpool({ folder, clock: { now: () => NOW }, ...options }) };
}

function record(text: string, more: Partial<SpoolRecord> = {}): SpoolRecord {
  return { kind: 'samples', at: NOW, count: 1, body: Buffer.from(text), ...more };
}

/** A receiver that keeps what it takes. */
function receiver(judge: (texts: readonly string[]) => Promise<Verdict | undefined> = async () => undefined) {
  const taken: string[] = [];
  const requests: string[][] = [];
  const send: Send = async (records) => {
    const texts = records.map(({ body }) => Buffer.from(body).toString());
    requests.push(texts);
    const verdict = (await judge(texts)) ?? { outcome: 'accepted' };
    if (verdict.outcome === 'accepted') taken.push(...texts);
    return verdict;
  };
  return { taken, requests, send };
}

test('delivers in the order of arrival, once, and keeps every kind apart', async () => {
  const { spool } = await open();
  spool.append(record('a'));
  spool.append(record('span', { kind: 'otlp-traces', contentType: 'application/json', count: 3 }));
  spool.append(record('b'));
  const to = receiver();

  expect(await spool.deliver('samples', to.send, { signal })).toMatchObject({ done: true, delivered: 2 });
  expect(to.taken).toEqual(['a', 'b']);
  await spool.deliver('samples', to.send, { signal });
  expect(to.requests).toHaveLength(1);
  expect(spool.stats('otlp-traces')).toMatchObject({ records: 1, items: 3 });
  expect(spool.oldestAt('otlp-traces')).toBe(NOW);

  let contentType: string | undefined;
  const traces: Send = async ([first]) => {
    contentType = first?.contentType;
    return { outcome: 'accepted' };
  };
  await spool.deliver('otlp-traces', traces, { signal });
  expect(contentType).toBe('application/json');
});

test('nothing is sent again by a later process after it was acknowledged', async () => {
  const { folder, spool } = await open();
  for (const text of ['a', 'b', 'c', 'd']) spool.append(record(text));
  const first = receiver(async (texts) => (texts.includes('c') ? { outcome: 'later', reason: 'busy' } : undefined));
  const stopped = await spool.deliver('samples', first.send, { signal, batch: { records: 2, bytes: 1000 } });
  expect(stopped).toMatchObject({ done: false, delivered: 2, reason: 'busy' });
  // No close: the process was killed.

  const later = await open({ folder });
  later.spool.append(record('e'));
  const second = receiver();
  await later.spool.deliver('samples', second.send, { signal });
  expect(first.taken).toEqual(['a', 'b']);
  expect(second.taken).toEqual(['c', 'd', 'e']);
});

test('a record that is refused for good is found by halving, counted, and not in the way of the others', async () => {
  const { spool } = await open();
  const texts = Array.from({ length: 100 }, (_, index) => String(index));
  for (const text of texts) spool.append(record(text));
  const to = receiver(async (some) => (some.includes('37') ? { outcome: 'refused', reason: 'too old' } : undefined));

  const delivery = await spool.deliver('samples', to.send, { signal });
  expect(delivery).toMatchObject({ done: true, delivered: 99, rejected: 1 });
  expect(to.taken).toEqual(texts.filter((text) => text !== '37'));
  expect(to.requests.length).toBeLessThan(30);
  expect(spool.stats('samples')).toMatchObject({ records: 0, rejected: 1, rejection: 'too old' });
});

test('what a receiver asks to wait for is told, and its records stay', async () => {
  const { spool } = await open();
  spool.append(record('a'));
  const busy: Send = async () => ({ outcome: 'later', reason: '429', afterMs: 7000 });
  expect(await spool.deliver('samples', busy, { signal })).toMatchObject({ done: false, afterMs: 7000 });
  expect(spool.stats('samples')).toMatchObject({ records: 1, last: { ok: false, reason: '429' } });
  const broken: Send = async () => {
    throw new Error('no network');
  };
  expect(await spool.deliver('samples', broken, { signal })).toMatchObject({ done: false, reason: 'no network' });
});

test('what is too old is not sent, but counted', async () => {
  const { spool } = await open({ limits: { maxAgeMs: 1000 } });
  spool.append(record('old', { at: NOW - 1001, count: 4 }));
  spool.append(record('new', { at: NOW - 1000 }));
  const to = receiver();
  expect(await spool.deliver('samples', to.send, { signal })).toMatchObject({ expired: 4, delivered: 1 });
  expect(to.taken).toEqual(['new']);
});

test('an aborted delivery ends, and leaves what was not acknowledged', async () => {
  const { spool } = await open();
  spool.append(record('a'));
  const controller = new AbortController();
  const hanging: Send = (_records, ended) =>
    new Promise((_resolve, reject) => ended.addEventListener('abort', () => reject(new Error('ended'))));
  const delivery = spool.deliver('samples', hanging, { signal: controller.signal });
  controller.abort();
  expect(await delivery).toMatchObject({ done: false });
  expect(spool.stats('samples').records).toBe(1);
});

test('two deliveries of one kind never overlap', async () => {
  const { spool } = await open();
  spool.append(record('a'));
  const to = receiver(async () => {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return undefined;
  });
  await Promise.all([spool.deliver('samples', to.send, { signal }), spool.deliver('samples', to.send, { signal })]);
  expect(to.taken).toEqual(['a']);
});

test('a tail torn by a crash is cut, what stands before it and what comes after it is delivered', async () => {
  const { folder, spool } = await open();
  spool.append(record('whole'));
  spool.append(record('torn'));
  const [name] = readdirSync(join(folder, 'samples')).filter((entry) => entry.endsWith('.seg'));
  const segment = join(folder, 'samples', name ?? '');
  truncateSync(segment, statSync(segment).size - 1);

  const later = await open({ folder });
  later.spool.append(record('after'));
  const to = receiver();
  expect(await later.spool.deliver('samples', to.send, { signal })).toMatchObject({ done: true });
  expect(to.taken).toEqual(['whole', 'after']);
});

test('garbage in a segment costs what stands behind it there, nothing more', async () => {
  const { folder, spool } = await open();
  spool.append(record('first'));
  const segment = join(folder, 'samples', '00000001.seg');
  const size = statSync(segment).size;
  spool.append(record('flipped'));
  const bytes = readFileSync(segment);
  bytes.writeUInt8(bytes.readUInt8(size + 12) ^ 1, size + 12);
  writeFileSync(segment, bytes);
  appendFileSync(segment, Buffer.alloc(50, 0xff));

  const later = await open({ folder });
  later.spool.append(record('last'));
  const to = receiver();
  expect(await later.spool.deliver('samples', to.send, { signal })).toMatchObject({ done: true });
  expect(to.taken).toEqual(['first', 'last']);
});

test('stays within its bound: the oldest goes first, and is counted', async () => {
  const { folder, spool } = await open({ limits: { segmentBytes: 2000, maxBytes: 10_000 } });
  for (let index = 0; index < 100; index += 1) spool.append(record(`${index}`.padEnd(500)));
  const sizes = readdirSync(join(folder, 'samples')).map((name) => statSync(join(folder, 'samples', name)).size);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(14_000);

  const to = receiver();
  const { delivered } = await spool.deliver('samples', to.send, { signal });
  expect(to.taken.at(-1)?.trim()).toBe('99');
  expect(spool.stats('samples').expired).toBe(100 - delivered);
});

test('delivered segments are removed, after the ledger was asked', async () => {
  const asked: string[] = [];
  const beforeRemove = async (kind: string) => void asked.push(kind);
  const { folder, spool } = await open({ limits: { segmentBytes: 100 }, beforeRemove });
  for (const text of ['a', 'b', 'c', 'd', 'e', 'f']) spool.append(record(text));
  await spool.deliver('samples', receiver().send, { signal });
  await spool.close();
  expect(readdirSync(join(folder, 'samples'))).toEqual(['cursor.json']);
  expect(new Set(asked)).toEqual(new Set(['samples']));

  // The numbers go on: the cursor of before would hide a segment that began anew.
  const later = await open({ folder });
  later.spool.append(record('g'));
  expect(later.spool.stats('samples').records).toBe(1);
});

test('nobody else can read it, and nothing is made before the first record', async () => {
  const { folder, spool } = await open();
  expect(spool.stats('samples')).toMatchObject({ records: 0, bytes: 0 });
  await spool.close();
  expect(() => statSync(folder)).toThrow('ENOENT');
  spool.append(record('a'));
  expect(statSync(join(folder, 'samples')).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'samples', '00000001.seg')).mode & 0o777).toBe(0o600);
});

test('a place that cannot be written loses the record and says so', async () => {
  const folder = await makeTempFolder();
  writeFileSync(join(folder, 'samples'), 'a file in the way');
  const { spool } = await open({ folder });
  expect(spool.append(record('a'))).toBe(false);
  expect(spool.stats('samples').lost).toBe(1);
  await spool.close();
});
