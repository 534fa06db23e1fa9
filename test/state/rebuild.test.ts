import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findInvalid } from '../../src/state/document-schema.ts';
import { statePaths } from '../../src/state/paths.ts';
import { readState } from '../../src/state/read-state.ts';
import { rebuildDocument, replaceState } from '../../src/state/rebuild.ts';
import { openState } from '../../src/state/store.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const KNOWN = {
  cluster: 'c',
  startedAt: NOW - 60_000,
  steps: {
    a: { status: 'completed', at: NOW - 1000, startedAt: NOW - 2000, completedAt: NOW - 1000, attempts: 2 },
    b: { status: 'in_progress', at: NOW - 500 },
  },
} as const;

test('a document of what is known, of which nothing is verified', () => {
  const document = rebuildDocument({ ...KNOWN, provider: 'host', installId: 'id' }, 'http://remote', NOW);
  expect(document).toMatchObject({
    cluster_name: 'c',
    provider: 'host',
    install_id: 'id',
    started_at: '2026-03-01T11:59:00.000Z',
    rebuilt: { at: '2026-03-01T12:00:00.000Z', from: 'http://remote' },
    steps: {
      a: { status: 'completed', completed_at: '2026-03-01T11:59:59.000Z', attempts: 2, verified: false },
      b: { status: 'in_progress', verified: false },
    },
  });
  expect(findInvalid(document)).toBeUndefined();
  expect(document.plan).toBeUndefined();
});

test('it takes the place of a state, whose copies are kept, and whose journal is not taken for its own', async () => {
  const paths = statePaths(await makeTempFolder(), 'c', 'p');
  const before = await openState(paths, { cluster: 'c', plan: 'p' });
  await before.record({ at: new Date(NOW).toISOString(), steps: { old: { status: 'completed' } } });
  await before.close();
  const bytes = readFileSync(paths.state);
  const journal = readFileSync(paths.journal);

  const copies = await replaceState(paths, rebuildDocument(KNOWN, 'http://remote', NOW));
  expect(copies.map((path) => readFileSync(path))).toEqual([bytes, journal]);
  const { document, warnings } = readState(paths, findInvalid);
  expect(Object.keys(document?.steps ?? {})).toEqual(['a', 'b']);
  expect(warnings).toEqual([]);

  // Whoever runs the plan next takes it over, whatever file the plan is in.
  const after = await openState(paths, { cluster: 'c', plan: 'p', planPath: '/somewhere/plan.yaml' });
  expect(after.step('a')?.verified).toBe(false);
  await after.close();
});

test('a crash that leaves the old journal beside it changes nothing of it', async () => {
  const paths = statePaths(await makeTempFolder(), 'c', 'p');
  const before = await openState(paths, { cluster: 'c', plan: 'p' });
  await before.record({ at: new Date(NOW).toISOString(), steps: { old: { status: 'completed' } } });
  await before.close();
  const journal = readFileSync(paths.journal);
  await replaceState(paths, rebuildDocument(KNOWN, 'http://remote', NOW));
  writeFileSync(paths.journal, journal);
  expect(Object.keys(readState(paths, findInvalid).document?.steps ?? {})).toEqual(['a', 'b']);
});

test('where there was nothing, there is nothing to keep', async () => {
  const home = await makeTempFolder();
  const paths = statePaths(home, 'c', 'create-cluster');
  expect(await replaceState(paths, rebuildDocument(KNOWN, 'http://remote', NOW))).toEqual([]);
  expect(readdirSync(paths.folder)).toEqual(['install-state.json']);
  expect(readFileSync(join(home, 'install-state.json'), 'utf8')).toContain('"cluster_name": "c"');
});
