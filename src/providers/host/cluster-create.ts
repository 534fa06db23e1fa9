import { chmod, mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, sep } from 'node:path';
import type { Outputs } from '../../engine/record.ts';
import type { Observation, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { obtainPrograms } from '../../steps/tools/obtain-program.ts';
import type { ClusterConfig, StepBody } from '../provider.ts';
import { serversOf } from './components.ts';
import { isOwn, writeMark } from './mark.ts';
import { askProgram, missingPrograms, type Programs, readPrograms, writePrograms } from './programs.ts';
import { stopServer } from './server-process.ts';

/** Step `cluster_create`: the data folder with our mark, and the programs, each asked what it can do. */
export function createClusterCreate(config: ClusterConfig): StepBody {
  const servers = serversOf(config);
  const names = servers.map((server) => server.name);
  const inputs = Object.fromEntries(servers.map(({ name, port }) => [`port.${name}`, String(port)]));
  return {
    policy: { attempts: 3, timeoutMs: 15 * 60_000 },
    inputs: () => inputs,
    immutableInputs: Object.keys(inputs),

    async observe(): Promise<Observation> {
      if (!(await isOwn(config))) return { state: 'absent', reason: `${config.dataDir} is not there yet` };
      const programs = await readPrograms(config.dataDir);
      const missing = await missingPrograms(programs, names);
      if (missing.length > 0) return { state: 'absent', reason: `no program for ${missing.join(' and ')}` };
      const versions = names.map((name) => `${name} ${programs[name]?.version}`);
      const reason = `${versions.join(', ')}; data in ${config.dataDir}`;
      return { state: 'present', reason, outputs: outputsOf(programs) };
    },

    async apply(ctx): Promise<Outputs> {
      if (!(await isOwn(config))) {
        await makeFolder(config.dataDir);
        await writeMark(config, new Date(ctx.clock.now()));
      }
      const known = await readPrograms(config.dataDir);
      const missing = await missingPrograms(known, names);
      const programs = { ...known, ...(await getPrograms(ctx, config, missing)) };
      if (missing.length > 0) await writePrograms(config.dataDir, programs);
      return outputsOf(programs);
    },

    async rollback(ctx) {
      if (!(await isOwn(config))) return;
      // Also those whose own step was never recorded.
      for (const server of serversOf({ ...config, components: ['prometheus', 'alertmanager'] }))
        await stopServer(server);
      ctx.progress(`removing ${config.dataDir}`);
      await rm(config.dataDir, { recursive: true, force: true });
      await removeEmptyParent(config);
    },
  };
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // It may have been there, empty, with wider rights.
    await chmod(folder, 0o700);
  } catch (cause) {
    throw new InstallerError('step_failed', `${folder} cannot be made: ${String(cause)}`, {
      hint: 'set CONTEXTCORE_HOME to a folder that you can write',
      cause,
    });
  }
}

/** The folder of all clusters' data goes with the last of them. */
async function removeEmptyParent({ dataDir, home }: ClusterConfig): Promise<void> {
  const parent = dirname(dataDir);
  if (!parent.startsWith(`${home}${sep}`)) return;
  // Not empty: another cluster has its data there.
  await rmdir(parent).catch(() => undefined);
}

async function getPrograms(ctx: StepContext, config: ClusterConfig, names: readonly string[]): Promise<Programs> {
  const pins = serversOf(config)
    .filter((server) => names.includes(server.name))
    .map((server) => server.pin);
  const found = await obtainPrograms(ctx, pins, config);
  const asked = await Promise.all(
    found.map(async (program) => [program.name, await askProgram(ctx, program)] as const),
  );
  return Object.fromEntries(asked);
}

function outputsOf(programs: Programs): Outputs {
  const outputs: Outputs = {};
  for (const [name, facts] of Object.entries(programs)) {
    if (facts === undefined) continue;
    outputs[`${name}_path`] = facts.path;
    outputs[`${name}_version`] = facts.version;
  }
  if (programs.prometheus !== undefined) outputs.prometheus_otlp = programs.prometheus.otlp_flag !== '';
  return outputs;
}
