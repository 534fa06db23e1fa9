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

const DECLARATION = /^(?:async )?function\*? (\w+)\([\s\S]*?\n\}$/gm;

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
  define: { 'import.meta.dirname': '__dirname' },
  logLevel: 'warning',
};

/** Libraries ask for it; what answers at once does not, and need not wait for its making. */
const MODULE_URL: BuildOptions = {
  define: { ...COMMON.define, 'import.meta.url': 'moduleUrl' },
  banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
};

await rm(`${root}dist`, { recursive: true, force: true });
await build({ ...COMMON, ...MODULE_URL, entryPoints: [`src/cli/${FULL}.ts`], plugins: [plainWidth, apart(OTEL)] });
await build({ ...COMMON, ...MODULE_URL, entryPoints: [`src/telemetry/otel/${OTEL}.ts`], plugins: [grpcWhenUsed] });
const { metafile, outputFiles } = await build({
  ...COMMON,
  entryPoints: ['src/cli/create-cluster.ts', 'src/cli/contextcore-install.ts', `src/cli/${QUICK}.ts`],
  plugins: [apart(FULL), apart(QUICK)],
  metafile: true,
  write: false,
});
for (const { path, text } of outputFiles) {
  await writeFile(path, compiledAtLoad(text), { mode: text.startsWith('#!') ? 0o755 : 0o644 });
}
await cp(`${root}src/cli/help`, `${root}dist/cli/help`, { recursive: true });
await cp(`${root}src/system/fork-server.pl`, `${root}dist/cli/fork-server.pl`);
// For scripts/launch.sh, which looks whether they have been changed since.
await writeFile(`${root}dist/cli/quick-sources.sh`, `sources='${Object.keys(metafile.inputs).join(' ')}'\n`);

/**
 * Makes V8 compile the functions of a program when it is loaded, which Node.js's compile cache keeps, and not each at its
 * first call, again in every process: as expressions in parentheses (https://v8.dev/blog/preparser#pife), before all else,
 * as declarations are. For a program that calls most of what it has; a third of the time of a status.
 *
 * @param code as esbuild writes it: a declaration at the top level begins and ends at the beginning of a line
 */
function compiledAtLoad(code: string): string {
  const [hashbang = ''] = /^#!.*\n/.exec(code) ?? [];
  const functions: string[] = [];
  const rest = code.slice(hashbang.length).replace(DECLARATION, (declaration, name: string) => {
    functions.push(`var ${name} = (${declaration});\n`);
    return '';
  });
  return `${hashbang}${functions.join('')}${rest}`;
}
