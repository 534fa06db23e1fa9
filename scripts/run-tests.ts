/** `scripts/test [unit|integration|e2e]... [vitest arguments]`: all kinds by default; ends with the summary line. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const PROJECTS: Readonly<Record<string, readonly string[]>> = {
  unit: ['unit'],
  integration: ['integration', 'kind'],
  e2e: ['e2e'],
};

const root = fileURLToPath(new URL('..', import.meta.url));
const args = process.argv.slice(2);
const kinds = args.filter((arg) => arg in PROJECTS);
const rest = args.filter((arg) => !(arg in PROJECTS));
const projects = kinds.flatMap((kind) => PROJECTS[kind] ?? []).map((name) => `--project=${name}`);

// Tests that start the product measure it as users start it: with a compile cache of its own, or none.
const { NODE_COMPILE_CACHE: _, ...env } = process.env;
const reporters = ['--reporter=default', `--reporter=${root}scripts/summary-reporter.ts`];
const child = spawn(
  process.execPath,
  [`${root}node_modules/vitest/vitest.mjs`, 'run', `--root=${root}`, ...reporters, ...projects, ...rest],
  { stdio: 'inherit', env },
);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
child.once('exit', (code, signal) => {
  process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 143);
});
