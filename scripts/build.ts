/**
 * Builds the programs into dist/ with few files, which start faster than many: for npm, and for the launchers beside it.
 *
 * What answers at once (--help, --version, --status) becomes one CommonJS file, since loading modules takes longer than
 * the answer; everything else is loaded by it when it is needed.
 */
import { cp, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const COMMON: BuildOptions = {
  absWorkingDir: root,
  outdir: 'dist/cli',
  bundle: true,
  platform: 'node',
  target: 'node22.18',
  packages: 'external',
  logLevel: 'warning',
};
const FULL = 'run-command-line';

await rm(`${root}dist`, { recursive: true, force: true });
await build({ ...COMMON, entryPoints: [`src/cli/${FULL}.ts`], format: 'esm', splitting: true });
await build({
  ...COMMON,
  entryPoints: ['src/cli/create-cluster.ts', 'src/cli/contextcore-install.ts'],
  format: 'cjs',
  outExtension: { '.js': '.cjs' },
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  plugins: [
    {
      name: 'full',
      setup: ({ onResolve }) =>
        onResolve({ filter: new RegExp(`/${FULL}\\.ts$`) }, () => ({ path: `./${FULL}.js`, external: true })),
    },
  ],
});
await cp(`${root}src/cli/help`, `${root}dist/cli/help`, { recursive: true });
