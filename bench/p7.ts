import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STEP_IDS } from '../src/providers/provider.ts';
import { statePaths } from '../src/state/paths.ts';
import { openState } from '../src/state/store.ts';
import { runChild } from './child.ts';
import { type Candidate, interleave, ratiosTo, without } from './measure.ts';
import { makeRow } from './row.ts';
import type { Target } from './target.ts';
import { root, type Workspace } from './workspace.ts';

const ROUNDS = 25;
const FLOOR = 'node -e 0';
const PLAN = 'name: bench\nsteps:\n  - id: only\n    run: ["true"]\n';
const PROGRAM = 'the program alone';
const LAUNCHER = 'scripts/create-cluster';

/** How long the user looks at nothing. */
export const p7: Target = {
  id: 'P7',
  async measure(workspace) {
    // As the launchers' set-up leaves it.
    await runChild(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts/build.ts')]);
    const home = workspace.makeFolder();
    await recordInstallation(home);
    const plan = join(home, 'plan.yaml');
    writeFileSync(plan, PLAN);
    const env = { ...workspace.env, CONTEXTCORE_HOME: home };
    const node = (name: string, ...args: string[]): Candidate => time(name, process.execPath, args, env);
    const program = (name: string, entry: string, ...args: string[]) =>
      node(name, join(root, `dist/cli/${entry}.cjs`), ...args);
    const launcher = (flag: string) => time(`${LAUNCHER} ${flag}`, join(root, LAUNCHER), [flag], env);
    const start = program('start', 'contextcore-install', 'resume', plan, '--quiet');
    const first = program('first', 'contextcore-install', 'run', plan, '--quiet');
    await first.run();
    const candidates = [
      node(FLOOR, '-e', '0'),
      program(`${PROGRAM} --help`, 'create-cluster', '--help'),
      program(`${PROGRAM} --status`, 'create-cluster', '--status'),
      launcher('--help'),
      launcher('--status'),
      node('yargs --help', '--input-type=module', '-e', YARGS),
      start,
    ];
    // The first call of each fills the compile cache.
    for (const candidate of candidates) await candidate.run();
    const ratios = ratiosTo(FLOOR, await interleave(candidates, ROUNDS));
    const row = (title: string, name: string, bound: number, peers: Readonly<Record<string, number>> = {}) =>
      makeRow({ id: 'P7', title, value: ratios[name] ?? Number.NaN, bound: { at: 'most', value: bound }, peers });
    const peers = without(ratios, ...candidates.map(({ name }) => name).filter((name) => name !== 'yargs --help'));
    return [
      row('--help, the program alone, to node -e 0', `${PROGRAM} --help`, 1.15, peers),
      row('--status, the program alone', `${PROGRAM} --status`, 1.15),
      row(`--help through ${LAUNCHER}`, `${LAUNCHER} --help`, 1.25),
      row(`--status through ${LAUNCHER}`, `${LAUNCHER} --status`, 1.25),
      row('start of a run: a resume with nothing to do', start.name, 4.5),
    ];
  },
};

const YARGS = `import yargs from ${JSON.stringify(import.meta.resolve('yargs'))}; yargs(['--help']).scriptName('x').parse();`;

function time(name: string, file: string, args: readonly string[], env: Workspace['env']): Candidate {
  return { name, run: async () => (await runChild(file, args, { env })).ms };
}

/** A state as an installation leaves it. */
async function recordInstallation(home: string): Promise<void> {
  const store = await openState(statePaths(home, 'o11y-dev', 'create-cluster'), {
    cluster: 'o11y-dev',
    plan: 'create-cluster',
  });
  const at = new Date().toISOString();
  const done = { status: 'completed' as const, started_at: at, completed_at: at, attempts: 1, duration_ms: 900 };
  await store.record({
    at,
    run: { plan: 'create-cluster', run_id: 'bench', provider: 'kind', started_at: at, completed_at: at },
    steps: Object.fromEntries(STEP_IDS.map((id) => [id, done])),
  });
  await store.close();
}
