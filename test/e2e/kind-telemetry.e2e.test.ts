import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import { STEP_IDS } from '../../src/providers/provider.ts';
import { ATTRIBUTES, METRICS, RUN_STATUS_VALUES } from '../../src/telemetry/names.ts';
import { askLoki } from '../support/ask-loki.ts';
import { type Ended, startCli } from '../support/cli.ts';
import { readStateFile } from '../support/cli-files.ts';
import { kindFlags, listKindClusters } from '../support/crash/kind-subject.ts';
import { kubectl, missingForKind, objectsOf, podsOf } from '../support/kind-ground.ts';
import { type FoundSpan, KINDS, pathsOf, spansOf, type TracesRequest } from '../support/otlp.ts';
import { missingPrograms } from '../support/programs.ts';
import { PROMETHEUS, startPrometheus } from '../support/servers/backends.ts';
import { changesOf, type Place, readStored, readTransitions, statusesIn, valuesOf } from '../telemetry/support.ts';
import { covers } from './interface.ts';

const missing = missingForKind();
const CLUSTER = `e2e-told-${process.pid}`;

describe.skipIf(missing !== undefined)(`a kind cluster tells of itself${missing ? `: ${missing}` : ''}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ccx-e2e-told-'));
  const home = join(folder, 'home');
  const otlp = join(folder, 'otlp');
  const env = { KUBECONFIG: join(folder, 'kubeconfig') };
  const kubeconfig = join(home, 'data', CLUSTER, 'kubeconfig');
  const place: Place = { home, cluster: CLUSTER, plan: 'create-cluster' };
  let installed: Ended;
  const create = (...args: string[]) =>
    startCli('create-cluster', args.includes('--cluster') ? args : ['--cluster', CLUSTER, ...args], {
      home,
      cwd: folder,
      env,
    });
  const install = (...args: string[]) =>
    startCli('contextcore-install', [...args, '--cluster', CLUSTER], { home, cwd: folder, env }).ended;
  const ports = () => (state().options as { ports: Record<string, number> }).ports;
  const state = () => readStateFile(home, place.plan, CLUSTER);
  const address = (port: string) => `http://127.0.0.1:${ports()[port]}`;
  const lose = () => rmSync(join(home, 'state', CLUSTER), { recursive: true });

  beforeAll(async () => {
    installed = await create(...(await kindFlags(CLUSTER)), '--json', '--otlp-file', otlp).ended;
    expect(installed.exitCode, installed.stderr).toBe(0);
    // What the exit had no time for.
    const flushed = await install('telemetry', 'flush');
    expect(flushed.exitCode, flushed.stderr).toBe(0);
  });
  afterAll(() => {
    execFileSync('kind', ['delete', 'cluster', '--name', CLUSTER], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
    });
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  test(`its Mimir has every status as the journal has it, from before it was there, too ${covers('create-cluster (install)', 'telemetry flush')}`, async () => {
    const series = await readStored(`${address('mimir')}/prometheus`, {}, CLUSTER);
    const transitions = readTransitions(place);
    expect(Object.keys(transitions)).toEqual(expect.arrayContaining([...STEP_IDS]));
    expect(statusesIn(series, place.plan)).toEqual(transitions);
    expect(changesOf(series, METRICS.runStatus.name, { plan: place.plan })).toEqual([1, 2]);

    const metrics = await (await fetch(`${address('mimir')}/metrics`)).text();
    const startedMs = Number(/^process_start_time_seconds (\S+)$/m.exec(metrics)?.[1]) * 1000;
    const of = (step: string) => transitions[step] ?? [];
    // It may start while the last of its manifests are applied.
    const before = [...of('preflight'), ...of('cluster_create'), ...of('manifests_apply').slice(0, 2)];
    expect(before).toHaveLength(8);
    expect(before.filter(([at]) => !(at < startedMs))).toEqual([]);
  });

  test(`the trace has every step and child where it belongs, and Loki the log lines of it ${covers('--otlp-file', '--json')}`, async () => {
    const requests = readFileSync(join(otlp, 'traces.jsonl'), 'utf8').trimEnd().split('\n');
    const spans = spansOf(requests.map((line) => JSON.parse(line) as TracesRequest));
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    const [traceId] = new Set(spans.map((span) => span.traceId));
    expect(state().traceparent).toContain(traceId);

    const byId = new Map(spans.map((span) => [span.spanId, span]));
    const above = (span: FoundSpan): string[] => {
      const parent = byId.get(span.parentSpanId ?? '');
      return parent === undefined ? [] : [...above(parent), parent.name];
    };
    const paths = pathsOf(spans);
    expect(paths.filter((path) => !path.startsWith('RUN create-cluster'))).toEqual([]);
    for (const id of STEP_IDS) expect(paths).toContain(`RUN create-cluster > STEP ${id}`);

    const events = installed.stdout.split('\n').filter(Boolean);
    const begun = new Set<string>();
    const children = events
      .map((line) => JSON.parse(line) as EngineEvent)
      .flatMap((event) => {
        if (event.type === 'attempt_started') begun.add(event.step);
        if (event.type !== 'child_started') return [];
        const { step, attempt, program, pid } = event;
        // Before the first attempt a step looks: those children are its own.
        return [{ below: begun.has(step) ? `STEP ${step} > ATTEMPT ${attempt}` : `STEP ${step}`, program, pid }];
      });
    expect(children.length).toBeGreaterThan(10);
    const drawn = spans
      .filter(({ kind, attributes }) => kind === KINDS.client && attributes[ATTRIBUTES.pid] !== undefined)
      .map((span) => {
        const below = above(span).slice(1).join(' > ');
        return { below, program: span.name, pid: span.attributes[ATTRIBUTES.pid] };
      });
    const sorted = (list: readonly { pid: unknown }[]) => [...list].sort((a, b) => Number(a.pid) - Number(b.pid));
    expect(sorted(drawn)).toEqual(sorted(children));

    const query = `{service_name="contextcore-install"} | trace_id="${traceId}"`;
    const lines = async () => (await askLoki(address('loki'), query)).join('\n');
    // What the collector took before Loki was ready it tries again, later and later.
    const told = ['run started', 'cluster_create: completed', 'manifests_apply: completed', 'run ended: success'];
    for (const line of told) await expect.poll(lines, { timeout: 120_000 }).toMatch(new RegExp(`^${line}`, 'm'));
  });

  /** What is there, and what is recorded of it besides its steps. */
  const lookAround = () => {
    const { options, install_id, steps } = state();
    const { node, container, kubeconfig: path, ours, install_id: madeBy } = steps.cluster_create?.outputs ?? {};
    const recorded = { options, install_id, outputs: { node, container, path, ours, madeBy } };
    return { pods: podsOf(kubeconfig), objects: objectsOf(kubeconfig), recorded };
  };
  const expectRebuilt = async (query: string) => {
    const rebuilt = await install('rebuild-state', '--from', query, '--yes');
    expect(rebuilt.exitCode, rebuilt.stderr).toBe(0);
    expect(state()).toMatchObject({ provider: 'kind', rebuilt: { from: query } });
  };
  const expectResumed = async () => {
    const resumed = await create('--resume').ended;
    expect(resumed.exitCode, resumed.stderr).toBe(0);
    expect(STEP_IDS.map((id) => state().steps[id]?.status)).toEqual(Array(6).fill('completed'));
    return resumed;
  };

  test(`a state lost at the end is rebuilt, and nothing is done again ${covers('rebuild-state', 'rebuild-state --from', 'create-cluster --resume')}`, async () => {
    const before = lookAround();
    const query = `${address('mimir')}/prometheus`;
    lose();
    await expectRebuilt(query);
    const { stderr } = await expectResumed();
    // No metric says what the test signal was: it is sent again.
    for (const id of STEP_IDS.slice(0, -1)) expect(stderr).toMatch(new RegExp(`^${id} +already there`, 'm'));
    expect(lookAround()).toEqual(before);
  });

  test(`a state lost in the middle is rebuilt, and only what was not done is done ${covers('rebuild-state', 'create-cluster --resume')}`, async () => {
    const before = podsOf(kubeconfig);
    const query = `${address('mimir')}/prometheus`;
    // No pod is placed, so that the step is at work for as long as it takes to see and kill it: as on a young node.
    const taint = (change: string) =>
      kubectl(kubeconfig, 'taint', 'node', `${CLUSTER}-control-plane`, `e2e/not-ready:NoSchedule${change}`);
    taint('');
    kubectl(kubeconfig, 'delete', 'deployment', '-l', 'app.kubernetes.io/name=otel-collector', '--wait=true');
    const killed = create('--repair', '--yes', '--json');
    // The journal shows it before the disk has it, and only then anybody is told.
    await killed.seen(/^(?=.*"type":"step_recorded")(?=.*"step":"pods_ready")(?=.*"status":"in_progress")/m);
    await sleep(300);
    killed.kill('SIGKILL');
    await killed.ended;
    taint('-');
    // Samples go to Mimir; the collector may not be there yet.
    await install('telemetry', 'flush');
    lose();
    await expectRebuilt(query);
    expect(state().steps.pods_ready).toMatchObject({ status: 'in_progress', verified: false });
    await expectResumed();
    const after = podsOf(kubeconfig);
    expect(Object.keys(after).sort()).toEqual(Object.keys(before).sort());
    for (const name of ['mimir', 'loki']) expect(after[name]).toEqual(before[name]);
  });

  test(`an ordinary run that finds no state keeps the ports, and says or takes what its Mimir knows ${covers('create-cluster (again)', '--yes')}`, async () => {
    const before = lookAround();
    const query = `${address('mimir')}/prometheus`;
    lose();
    const told = await create().ended;
    expect(told.exitCode, told.stderr).toBe(0);
    expect(told.stderr).toContain(`contextcore-install rebuild-state --cluster ${CLUSTER} --from ${query}`);
    expect(lookAround()).toEqual(before);
    expect(state().rebuilt).toBeUndefined();
    lose();
    const taken = await create('--yes').ended;
    expect(taken.exitCode, taken.stderr).toBe(0);
    expect(state().rebuilt).toMatchObject({ from: query });
    expect(lookAround()).toEqual(before);
  });

  test(`--delete closes the run where somebody outside listens ${covers('create-cluster --delete', 'CONTEXTCORE_REMOTE_WRITE_URL')}`, async (context) => {
    const lacking = missingPrograms(...PROMETHEUS);
    if (lacking !== undefined) return context.skip(lacking);
    const outside = await startPrometheus();
    onTestFinished(() => outside.stop());
    const listened = { ...env, CONTEXTCORE_REMOTE_WRITE_URL: `${outside.url}/api/v1/write` };
    const options = { home, cwd: folder, env: listened };
    const args = ['--cluster', CLUSTER, '--delete', '--yes'];
    const deleted = await startCli('create-cluster', args, options).ended;
    expect(deleted.exitCode, deleted.stderr).toBe(0);
    await startCli('contextcore-install', ['telemetry', 'flush', '--cluster', CLUSTER], options).ended;
    const series = await readStored(outside.url, {}, CLUSTER);
    expect(valuesOf(series, METRICS.runStatus.name, { plan: place.plan }).at(-1)).toBe(RUN_STATUS_VALUES.deleted);
    expect(listKindClusters()).not.toContain(CLUSTER);
  });
});
