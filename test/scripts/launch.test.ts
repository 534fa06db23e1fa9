import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const scripts = fileURLToPath(new URL('../../scripts/', import.meta.url));
const [EARLIER, BUILT, LATER] = [1_000, 2_000, 3_000];

let root: string;

beforeEach(() => {
  // A clone that is set up, whose Node.js says what it is given.
  root = mkdtempSync(join(tmpdir(), 'ccx launch-'));
  cpSync(scripts, join(root, 'scripts'), { recursive: true });
  write('node.sh', EARLIER, '#!/bin/sh\nfor word; do echo "$word"; done\n');
  chmodSync(join(root, 'node.sh'), 0o755);
  write('.node/stamp', EARLIER, 'node.sh\n');
  write('package-lock.json', EARLIER);
  write('node_modules/.package-lock.json', BUILT);
  for (const source of ['src/cli/main.ts', 'src/engine/run-plan.ts', 'src/a/b/c/deep.ts', 'src/cli/help/a.txt']) {
    write(source, EARLIER);
  }
  write('dist/cli/create-cluster.cjs', BUILT);
  write('dist/cli/quick-sources.sh', BUILT, "sources='src/cli/main.ts'\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, time: number, text = ''): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  utimesSync(file, time, time);
}

/** What the launcher runs. */
function entryOf(...words: readonly string[]): string | undefined {
  const out = execFileSync(join(root, 'scripts/create-cluster'), words, { encoding: 'utf8' });
  return out.split('\n').find((line) => /\.(cjs|ts)$/.test(line));
}

test('runs what was built, whatever is asked for', () => {
  for (const words of [['--help'], ['--status'], ['--resume', '--yes'], []]) {
    expect(entryOf(...words)).toMatch(/dist\/cli\/create-cluster\.cjs$/);
  }
});

test.each(['src/engine/run-plan.ts', 'src/a/b/c/deep.ts'])('runs the sources when %s is newer', (source) => {
  write(source, LATER);
  expect(entryOf('--resume')).toMatch(/src\/cli\/create-cluster\.ts$/);
  expect(entryOf('--status', '--cluster', 'a')).toMatch(/src\/cli\/create-cluster\.ts$/);
  // No part of it.
  expect(entryOf('--status')).toMatch(/dist\/cli\/create-cluster\.cjs$/);
});

test.each(['src/cli/main.ts', 'src/cli/help/a.txt'])('runs the sources for everything when %s is newer', (source) => {
  write(source, LATER);
  for (const words of [['--help'], ['-h'], ['--version'], ['--status'], ['--resume']]) {
    expect(entryOf(...words)).toMatch(/src\/cli\/create-cluster\.ts$/);
  }
});

test('runs the sources when nothing was built', () => {
  rmSync(join(root, 'dist'), { recursive: true });
  expect(entryOf('--status')).toMatch(/src\/cli\/create-cluster\.ts$/);
});
