/**
 * Builds the programs into dist/ with few files, which start faster than many: for npm, and for the launchers beside it.
 *
 * CommonJS throughout, since Node's loader of modules takes longer to begin than all of a status. What answers at once
 * (--help, --version, --status) is a file of its own for each program; the other, for everything else, is loaded by it
 * when it is needed. Libraries that every run needs are part of it; those that few runs need stay outside.
 */
import { cp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const FULL = 'run-command-line';

/** yargs measures its help with it. Our texts are of plain characters, and its tables of all others cost a third of a start. */
const plainWidth: Plugin = {
  name: 'plain-width',
  setup: ({ onLoad }) => onLoad({ filter: /\/string-width\/index\.js$/ }, () => ({ contents: PLAIN_WIDTH })),
};
const PLAIN_WIDTH = 'export default (text) => text.length;';

/** Leaves the other file out. */
const withoutFull: Plugin = {
  name: 'without-full',
  setup: ({ onResolve }) =>
    onResolve({ filter: new RegExp(`/${FULL}\\.ts$`) }, () => ({ path: `./${FULL}.cjs`, external: true })),
};

const COMMON: BuildOptions = {
  absWorkingDir: root,
  outdir: 'dist/cli',
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node22.18',
  format: 'cjs',
  // An import when needed is a require, too.
  supported: { 'dynamic-import': false },
  external: ['@opentelemetry/*', 'execa', 'fs-native-extensions', 'prometheus-remote-write', 'undici'],
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
};

await rm(`${root}dist`, { recursive: true, force: true });
await build({ ...COMMON, entryPoints: [`src/cli/${FULL}.ts`], plugins: [plainWidth] });
await build({
  ...COMMON,
  entryPoints: ['src/cli/create-cluster.ts', 'src/cli/contextcore-install.ts'],
  plugins: [withoutFull],
});
await cp(`${root}src/cli/help`, `${root}dist/cli/help`, { recursive: true });
