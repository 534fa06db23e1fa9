import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InstallerError } from '../../src/errors/installer-error.ts';
import type { StatePaths } from '../../src/state/paths.ts';
import { readState } from '../../src/state/read-state.ts';
import { copiesIn, makePaths, open, readJson, recordAll, transition } from './support.ts';

/** A state as a killed run leaves it: the readable document is behind its journal. */
async function makeKilled(): Promise<StatePaths> {
  const paths = await makePaths();
  await recordAll(paths, [transition('a', 'completed'), transition('b', 'completed')]);
  const behind = readFileSync(paths.state);
  await recordAll(paths, [transition('b', 'failed'), transition('c', 'in_progress')]);
  writeFileSync(paths.state, behind);
  // Without the zeros behind the records: damage must hit what counts.
  writeFileSync(paths.journal, readFileSync(paths.journal, 'utf8').replace(/\0+$/, ''));
  return paths;
}

/** Statuses by step, in one word each. */
function statusesOf(paths: StatePaths): string {
  const { steps = {} } = readState(paths).document ?? {};
  return Object.entries(steps)
    .map(([id, { status }]) => `${id}:${status}`)
    .join(' ');
}

const ALL = 'a:completed b:failed c:in_progress';

describe('reading a state', () => {
  it('brings the readable document up to date by its journal', async () => {
    const paths = await makeKilled();
    expect(statusesOf(paths)).toBe(ALL);
    expect(readState(paths).warnings).toEqual([]);
  });

  it.each([
    ['missing', (path: string) => rmSync(path)],
    ['empty', (path: string) => truncateSync(path)],
    ['truncated', (path: string) => truncateSync(path, 100)],
    ['no JSON', (path: string) => writeFileSync(path, 'hello')],
    [
      'of an unknown status',
      (path: string) => writeFileSync(path, readFileSync(path, 'utf8').replace('completed', 'done')),
    ],
  ])('recovers a document that is %s from its journal, keeping the bad file', async (what, spoil) => {
    const paths = await makeKilled();
    spoil(paths.state);
    expect(statusesOf(paths)).toBe(ALL);
    expect(readState(paths).warnings.join()).toMatch(/recovered from its journal/);
    const store = await open(paths);
    await store.record(transition('d', 'completed'));
    await store.close();
    expect(statusesOf(paths)).toBe(`${ALL} d:completed`);
    expect(readState(paths).warnings).toEqual([]);
    expect(copiesIn(paths.folder)).toHaveLength(what === 'missing' ? 0 : 1);
  });

  it('cuts off a torn tail of the journal without a word', async () => {
    const paths = await makeKilled();
    const whole = readFileSync(paths.journal).length;
    appendFileSync(paths.journal, '120 0badc0de {"revision":5,"cha');
    expect(statusesOf(paths)).toBe(ALL);
    expect(readState(paths)).toMatchObject({ warnings: [] });
    truncateSync(paths.journal, whole - 1);
    expect(statusesOf(paths)).toBe('a:completed b:failed');
    await recordAll(paths, [transition('d', 'completed')]);
    expect(statusesOf(paths)).toBe('a:completed b:failed d:completed');
  });

  it('says what is lost when the journal is damaged in the middle, and keeps a copy', async () => {
    const paths = await makeKilled();
    const lines = readFileSync(paths.journal, 'utf8').split('\n');
    writeFileSync(
      paths.journal,
      lines.map((line, n) => (n === 2 ? line.replace('failed', 'fooled') : line)).join('\n'),
    );
    expect(statusesOf(paths)).toBe('a:completed b:completed');
    expect(readState(paths).warnings.join()).toMatch(/damaged: 1 later changes could not be used/);
    await recordAll(paths, [transition('d', 'completed')]);
    expect(copiesIn(paths.folder)).toHaveLength(1);
    expect(readState(paths).warnings).toEqual([]);
  });

  it('works with the document alone when the base of the journal is damaged', async () => {
    const paths = await makeKilled();
    const [, ...changes] = readFileSync(paths.journal, 'utf8').split('\n');
    writeFileSync(paths.journal, `${['spoiled', ...changes].join('\n')}`);
    expect(statusesOf(paths)).toBe(ALL);
    rmSync(paths.state);
    expect(() => readState(paths)).toThrow(/it is missing; its journal is damaged, too/);
  });
});

describe('a document that a user edited', () => {
  it('is accepted as it is, unknown fields included', async () => {
    const paths = await makePaths();
    await recordAll(paths, [transition('a', 'completed'), transition('b', 'completed')]);
    const document = readJson(paths.state) as { steps: Record<string, { status: string }> };
    if (document.steps.a !== undefined) document.steps.a.status = 'pending';
    writeFileSync(paths.state, JSON.stringify({ ...document, note: 'by hand' }));
    expect(statusesOf(paths)).toBe('a:pending b:completed');
    await recordAll(paths, [transition('c', 'completed')]);
    expect(statusesOf(paths)).toBe('a:pending b:completed c:completed');
    expect(readJson(paths.state).note).toBe('by hand');
    expect(readState(paths).warnings).toEqual([]);
  });

  it('after a kill keeps both the edit and what was recorded since', async () => {
    const paths = await makeKilled();
    writeFileSync(paths.state, readFileSync(paths.state, 'utf8').replace('"completed"', '"pending"'));
    expect(statusesOf(paths)).toBe('a:pending b:failed c:in_progress');
  });

  it('into something invalid is recovered from the journal by the next run', async () => {
    const paths = await makePaths();
    await recordAll(paths, [transition('a', 'completed', { attempts: 1 })]);
    writeFileSync(paths.state, readFileSync(paths.state, 'utf8').replace('"attempts": 1', '"attempts": "one"'));
    const store = await open(paths);
    expect(store.step('a')?.attempts).toBe(1);
    expect(store.warnings.join()).toMatch(/steps\.a\.attempts/);
    await store.close();
  });

  it('by putting an older copy back wins over the journal, of which a copy is kept', async () => {
    const paths = await makePaths();
    await recordAll(paths, [transition('a', 'completed')]);
    const old = join(paths.folder, 'old.json');
    copyFileSync(paths.state, old);
    rmSync(paths.journal);
    await recordAll(paths, [transition('a', 'failed'), transition('b', 'failed')]);
    copyFileSync(old, paths.state);
    expect(statusesOf(paths)).toBe('a:completed');
    await recordAll(paths, [transition('c', 'completed')]);
    expect(statusesOf(paths)).toBe('a:completed c:completed');
    expect(copiesIn(paths.folder).some((name) => name.startsWith('install-state.journal'))).toBe(true);
  });
});

describe('a spoiled state', () => {
  it('is recovered or refused, never anything else, and no file of it is lost', async () => {
    const paths = await makeKilled();
    const good = { state: readFileSync(paths.state), journal: readFileSync(paths.journal) };
    const damage = fc.record({
      flips: fc.array(fc.record({ at: fc.nat(), bit: fc.nat(7) }), { maxLength: 4 }),
      keep: fc.option(fc.nat(), { freq: 2 }),
    });
    const spoil = (bytes: Buffer, { flips, keep }: { flips: { at: number; bit: number }[]; keep: number | null }) => {
      const copy = Buffer.from(bytes);
      for (const { at, bit } of flips) copy[at % copy.length] = (copy[at % copy.length] ?? 0) ^ (1 << bit);
      return keep === null ? copy : copy.subarray(0, keep % (copy.length + 1));
    };
    const property = fc.asyncProperty(damage, damage, async (stateDamage, journalDamage) => {
      const spoiled = { state: spoil(good.state, stateDamage), journal: spoil(good.journal, journalDamage) };
      writeFileSync(paths.state, spoiled.state);
      writeFileSync(paths.journal, spoiled.journal);
      try {
        const store = await open(paths);
        await store.record(transition('next', 'completed'));
        await store.close();
        const after = readState(paths);
        expect(after.warnings).toEqual([]);
        expect(after.document?.steps.next?.status).toBe('completed');
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(InstallerError);
        expect(thrown).toMatchObject({ code: 'state_unusable' });
        expect(readFileSync(paths.state).equals(spoiled.state)).toBe(true);
        expect(readFileSync(paths.journal).equals(spoiled.journal)).toBe(true);
      }
    });
    await fc.assert(property, { numRuns: 150 });
  });
});

it('reading for --status loads nothing but the modules of node itself', () => {
  const module = join(import.meta.dirname, '../../src/state/read-state.ts');
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve(name, context, next) { const found = next(name, context); console.log(found.url); return found; } });
    await import(${JSON.stringify(module)});`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  expect(stdout).toContain('read-state.ts');
  expect(stdout.split('\n').filter((url) => url.includes('node_modules'))).toEqual([]);
});
