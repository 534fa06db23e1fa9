import { createPreflightBody } from '../../steps/preflight/body.ts';
import { localCapacity } from '../../steps/preflight/capacity.ts';
import type { Check } from '../../steps/preflight/check.ts';
import { clockCheck } from '../../steps/preflight/checks/clock.ts';
import { cpuCheck } from '../../steps/preflight/checks/cpu.ts';
import { diskCheck } from '../../steps/preflight/checks/disk.ts';
import { memoryCheck } from '../../steps/preflight/checks/memory.ts';
import { portCheck } from '../../steps/preflight/checks/ports.ts';
import { programCheck } from '../../steps/preflight/checks/program.ts';
import { writableCheck } from '../../steps/preflight/checks/user-rights.ts';
import type { ClusterConfig, StepBody } from '../provider.ts';
import { type Server, serversOf } from './components.ts';
import { missingPrograms, readPrograms } from './programs.ts';

/** Step `preflight`: what local processes need of this machine. */
export function createHostPreflight(config: ClusterConfig): StepBody {
  return createPreflightBody(checksOf(config), { env: config.env });
}

function checksOf(config: ClusterConfig): readonly Check[] {
  const { preflight, dataDir } = config;
  const servers = serversOf(config);
  return [
    writableCheck(config.home),
    ...servers.map((server) => knownProgramCheck(server, config)),
    diskCheck({
      id: 'disk',
      title: 'disk',
      folder: () => dataDir,
      neededGb: preflight.diskGb,
      hint: 'make room, or set CONTEXTCORE_HOME to a folder on a larger disk',
      until: 'pods_ready',
    }),
    memoryCheck(preflight.memoryGb, localCapacity, 'pods_ready'),
    cpuCheck(preflight.cpus, localCapacity, 'pods_ready'),
    clockCheck(),
    ...servers.map((server) => portCheck(portOf(server))),
  ];
}

/** The program that an installation already runs is not looked for again: today's PATH may be another. */
function knownProgramCheck(server: Server, config: ClusterConfig): Check {
  const check = programCheck(server.pin, config);
  return {
    ...check,
    async run(env) {
      const programs = await readPrograms(config.dataDir);
      const known = programs[server.name];
      if (known === undefined || (await missingPrograms(programs, [server.name])).length > 0)
        return await check.run(env);
      return { level: 'ok', message: `${known.version} (${known.path})` };
    },
  };
}

function portOf(server: Server): Parameters<typeof portCheck>[0] {
  const { name, port, mark } = server;
  return { name, port, isOurs: (_port, listener) => listener?.process?.cmdline.includes(mark) === true };
}
