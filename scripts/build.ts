/**
 * Builds the programs into dist/ with few files, which start faster than many: for npm, and for the launchers beside it.
 *
 * CommonJS throughout, since Node's loader of modules takes longer to begin than all of a status. What answers at once
 * (--help, --version) is a file of its own for each program; it loads the others, for --status and for everything else,
 * when they are needed. Libraries that every run needs are part of it; those that few runs need stay outside.
 * OpenTelemetry, hundreds of files of which a run uses a tenth, is a file of its own, for a run that somebody takes traces
 * from.
 */
import { cp, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const FULL = 'run-command-line';
const QUICK = 'quick-status';
const OTEL = 'create-otel';

/** yargs measures its help with it. Our texts are of plain characters, and its tables of all others cost a third of a start. */
const plainWidth: Plugin = {
  name: 'plain-width',
  setup: ({ onLoad }) => onLoad({ filter: /\/string-width\/index\.js$/ }, () => ({ contents: PLAIN_WIDTH })),
};
const PLAIN_WIDTH = 'export default (text) => text.length;';

/** Leaves a module to a file of its own. */
const apart = (name: string): Plugin => ({
  name: `${name} apart`,
  setup: ({ onResolve }) =>
    onResolve({ filter: new RegExp(`/${name}\\.ts$`) }, ({ kind }) =>
      kind === 'entry-point' ? undefined : { path: `./${name}.cjs`, external: true },
    ),
});

/** The SDK brings its gRPC exporters along, which we never use: half of what it takes to load, and of its memory. */
const grpcWhenUsed: Plugin = {
  name: 'grpc-when-used',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^@grpc\/grpc-js$/ }, ({ kind, path }) =>
      kind === 'import-statement' ? { path, namespace: 'when-used' } : { path, external: true },
    );
    onLoad({ filter: /.*/, namespace: 'when-used' }, () => ({ contents: GRPC }));
  },
};
const GRPC =
  "module.exports = { get makeGenericClientConstructor() { return require('@grpc/grpc-js').makeGenericClientConstructor; } };";

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
  external: ['execa', 'fs-native-extensions', 'prometheus-remote-write', 'undici'],
  define: { 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  logLevel: 'warning',
};

await rm(`${root}dist`, { recursive: true, force: true });
await build({ ...COMMON, entryPoints: [`src/cli/${FULL}.ts`], plugins: [plainWidth, apart(OTEL)] });
await build({ ...COMMON, entryPoints: [`src/telemetry/otel/${OTEL}.ts`], plugins: [grpcWhenUsed] });
const { metafile } = await build({
  ...COMMON,
  entryPoints: ['src/cli/create-cluster.ts', 'src/cli/contextcore-install.ts', `src/cli/${QUICK}.ts`],
  plugins: [apart(FULL), apart(QUICK)],
  metafile: true,
});
await cp(`${root}src/cli/help`, `${root}dist/cli/help`, { recursive: true });
await cp(`${root}src/system/fork-server.pl`, `${root}dist/cli/fork-server.pl`);
// For scripts/launch.sh, which looks whether they have been changed since.
await writeFile(`${root}dist/cli/quick-sources.sh`, `sources='${Object.keys(metafile.inputs).join(' ')}'\n`);
