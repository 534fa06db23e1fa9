import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { EngineEvent } from '../../src/engine/events.ts';
import type { Consent } from '../../src/engine/ports.ts';
import type { Mode, StepRecord } from '../../src/engine/record.ts';
import { rollBack } from '../../src/engine/roll-back.ts';
import { type RunReport, runPlan } from '../../src/engine/run-plan.ts';
import type { InstallerError } from '../../src/errors/installer-error.ts';
import { createClusterPlan } from '../../src/plans/create-cluster/plan.ts';
import { type HostComponent, type Server, serversOf } from '../../src/providers/host/components.ts';
import { createHostProvider } from '../../src/providers/host/provider.ts';
import { findServer, stopServer } from '../../src/providers/host/server-process.ts';
import type { ClusterConfig } from '../../src/providers/provider.ts';
import { inWorkFolder, placeProgram } from '../../src/steps/tools/bin-folder.ts';
import { whichProgram } from '../../src/steps/tools/find-program.ts';
import { PINS } from '../../src/steps/tools/pins.ts';
import { lacksAssets, relocateProgram } from '../../src/steps/tools/relocate.ts';
import { findFreePort } from './free-port.ts';
import { makeEnginePorts } from './step-context.ts';

/** An installation of provider host in folders and on ports of its own, run by the real engine with a record in memory. */
export interface HostInstallation {
  config: ClusterConfig;
  servers: readonly Server[];
  steps: Map<string, StepRecord>;
  /** Changes fields for later runs. */
  change(fields: Partial<ClusterConfig>): void;
  run(mode?: Mode): Promise<RunReport & { events: readonly EngineEvent[]; actions: Record<string, string> }>;
  rollBack(all?: boolean): Promise<InstallerError | undefined>;
  pidOf(name: HostComponent): Promise<number | undefined>;
  server(name: HostComponent): Server;
  /** Ends what runs and removes the folders, whatever state they are in. */
  destroy(): Promise<void>;
}

export async function createHostInstallation(
  fields: Partial<ClusterConfig> = {},
  consent?: Consent,
): Promise<HostInstallation> {
  const home = await mkdtemp(join(tmpdir(), 'ccx-host-'));
  let config: ClusterConfig = {
    cluster: 'test',
    installId: 'install-1',
    home,
    dataDir: join(home, 'data', 'test'),
    binDir: join(home, 'bin'),
    components: ['prometheus', 'alertmanager'],
    ports: { prometheus: await findFreePort(), alertmanager: await findFreePort() },
    preflight: { diskGb: 0.1, memoryGb: 0.1, cpus: 1 },
    manifestsDir: resolve(import.meta.dirname, '../../k8s'),
    yes: true,
    env: process.env,
    ...fields,
  };
  await seedAlertmanager(config);
  const steps = new Map<string, StepRecord>();
  const makePorts = () => makeEnginePorts({ env: config.env, steps, ...(consent === undefined ? {} : { consent }) });
  const server = (name: HostComponent) => {
    const found = serversOf(config).find((one) => one.name === name);
    if (found === undefined) throw new Error(`no ${name} in this installation`);
    return found;
  };
  return {
    get config() {
      return config;
    },
    get servers() {
      return serversOf(config);
    },
    steps,
    server,
    change(more) {
      config = { ...config, ...more };
    },
    async run(mode = 'run') {
      const ports = await makePorts();
      const plan = createClusterPlan(createHostProvider(), config);
      const report = await runPlan(plan, ports, {
        mode,
        runId: `run-${Date.now()}`,
        signal: new AbortController().signal,
      });
      const actions = Object.fromEntries([...report.outcomes].map(([id, { action }]) => [id, action]));
      return { ...report, events: ports.events, actions };
    },
    async rollBack(all = false) {
      const plan = createClusterPlan(createHostProvider(), config);
      return await rollBack(plan, await makePorts(), { runId: 'rollback', signal: new AbortController().signal, all });
    },
    pidOf: async (name) => (await findServer(server(name)))?.pid,
    async destroy() {
      for (const one of serversOf({ ...config, components: ['prometheus', 'alertmanager'] })) await stopServer(one);
      await rm(home, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Whether both servers can be run without getting them first. */
export async function hostProgramsOnPath(): Promise<boolean> {
  const names = ['prometheus', 'alertmanager', 'prometheus-alertmanager'];
  const [prometheus, ...alertmanager] = await Promise.all(names.map((name) => whichProgram(name, process.env)));
  return prometheus !== undefined && alertmanager.some((path) => path !== undefined);
}

/** An unpacked Debian Alertmanager on the PATH does not find its files: a copy that does saves each test a download. */
async function seedAlertmanager({ binDir, env }: ClusterConfig): Promise<void> {
  const { debian, name } = PINS.alertmanager;
  const path = await whichProgram('prometheus-alertmanager', env);
  if (path === undefined || !(await lacksAssets(path, debian.assets))) return;
  const root = path.slice(0, -debian.member.length);
  await inWorkFolder(binDir, async (work) => {
    const script = await relocateProgram(root, debian.member, debian.assets, work, join(binDir, `${name}-test.d`));
    await writeFile(join(work, 'script'), script);
    return await placeProgram(binDir, join(work, 'script'), { name, version: 'test', source: path }, new Date());
  });
}
