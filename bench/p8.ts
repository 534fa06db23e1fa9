import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { statePaths } from '../src/state/paths.ts';
import { createSpool } from '../src/telemetry/spool/spool.ts';
import { type ChildRun, runChild } from './child.ts';
import { interleave, median } from './measure.ts';
import { buildPrograms, programPath } from './programs.ts';
import { type Manner, type Receiver, startReceiver } from './receiver.ts';
import { makeRow, type Row } from './row.ts';
import type { Target } from './target.ts';
import type { Workspace } from './workspace.ts';

const ID = 'P8';
const STEPS = 24;
/** The run's own, and for each step that, its attempt and its child. */
const SPANS = 1 + 3 * STEPS;
const ROUNDS = 3;
const BAD: readonly Manner[] = ['dead', 'black hole', 'slow', '503'];
const PLAN = 'bench';
/** The last step fails: its exit code must come through. */
const EXIT_CODE = 1;

/** What a backend that is no help costs at the end of a run. */
export const p8: Target = {
  id: ID,
  async measure(workspace) {
    await buildPrograms();
    const receivers = new Map<Manner, Receiver>();
    for (const manner of BAD) receivers.set(manner, await startReceiver(manner));
    try {
      return await compare(workspace, receivers);
    } finally {
      for (const receiver of receivers.values()) receiver.close();
    }
  },
};

async function compare(workspace: Workspace, receivers: ReadonlyMap<Manner, Receiver>): Promise<readonly Row[]> {
  const plan = writePlan(workspace.makeFolder());
  // They wait for most of their time: at once they take as long as one of them, and disturb nobody else.
  const peers = await Promise.all([...receivers].map(([, receiver]) => endDefaultSdk(workspace, receiver)));
  let kept = Number.POSITIVE_INFINITY;
  const candidates = [...receivers].map(([name, receiver]) => ({
    name,
    async run() {
      const { exitMs, spans } = await endRun(workspace, plan, receiver);
      kept = Math.min(kept, spans);
      return exitMs;
    },
  }));
  const plain = { name: 'none', run: async () => (await endRun(workspace, plan)).exitMs };
  const samples = await interleave([plain, ...candidates], ROUNDS);
  const base = samples.get(plain.name) ?? [];
  const rows = [...receivers.keys()].map((manner, index) => {
    const added = (samples.get(manner) ?? []).map((ms, round) => ms - (base[round] ?? Number.NaN));
    return makeRow({
      id: ID,
      title: `${manner} backend: exit of a failing run, beyond one without telemetry`,
      value: median(added),
      bound: { at: 'most', value: 350, unit: ' ms' },
      peers: { 'default NodeSDK, shutdown to exit': peers[index] ?? Number.NaN },
    });
  });
  return [
    ...rows,
    makeRow({
      id: ID,
      title: 'spans in the spool afterwards, of those that the run made',
      value: kept / SPANS,
      bound: { at: 'least', value: 1 },
      note: `the fewest of ${BAD.length * ROUNDS} runs, each with exit code ${EXIT_CODE}`,
    }),
  ];
}

/** @returns milliseconds from the recorded end of the run to that of the program, and what is in its spool */
async function endRun(workspace: Workspace, plan: string, receiver?: Receiver) {
  const home = workspace.makeFolder();
  const env = {
    ...workspace.env,
    CONTEXTCORE_HOME: home,
    ...(receiver === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint }),
  };
  const args = ['--max-semi-space-size=1', programPath('contextcore-install'), 'run', plan, '--cluster', PLAN];
  const run = await runChild(process.execPath, args, { env, exitCode: EXIT_CODE });
  const { folder, state } = statePaths(home, PLAN, PLAN);
  const { last_run: last } = JSON.parse(readFileSync(state, 'utf8')) as { last_run: { ended_at: string } };
  const spool = createSpool({ folder: join(folder, 'spool'), clock: Date });
  return { exitMs: run.endedAt - Date.parse(last.ended_at), spans: spool.stats('otlp-traces').items };
}

async function endDefaultSdk(workspace: Workspace, { endpoint }: Receiver): Promise<number> {
  const fixture = workspace.fixture('default-sdk', endpoint, SPANS);
  const { stdout, endedAt }: ChildRun = await runChild(process.execPath, fixture, workspace);
  return endedAt - (JSON.parse(stdout) as { endedAt: number }).endedAt;
}

function writePlan(folder: string): string {
  const path = join(folder, 'plan.yaml');
  const steps = Array.from({ length: STEPS }, (_, index) => ({
    id: `s${index}`,
    run: index === STEPS - 1 ? 'exit 3' : 'true',
    attempts: 1,
  }));
  writeFileSync(path, JSON.stringify({ name: PLAN, steps }));
  return path;
}
