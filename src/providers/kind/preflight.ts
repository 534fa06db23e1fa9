import { arch } from 'node:os';
import { createPreflightBody } from '../../steps/preflight/body.ts';
import { dockerCapacity } from '../../steps/preflight/capacity.ts';
import type { Check, CheckEnv } from '../../steps/preflight/check.ts';
import { cgroupCheck } from '../../steps/preflight/checks/cgroup.ts';
import { clockCheck, dockerClock } from '../../steps/preflight/checks/clock.ts';
import { cpuCheck } from '../../steps/preflight/checks/cpu.ts';
import { diskCheck, dockerDataFolder } from '../../steps/preflight/checks/disk.ts';
import { dockerCheck } from '../../steps/preflight/checks/docker.ts';
import { inotifyCheck } from '../../steps/preflight/checks/inotify.ts';
import { memoryCheck } from '../../steps/preflight/checks/memory.ts';
import { registriesCheck, registryClock } from '../../steps/preflight/checks/network.ts';
import { portCheck } from '../../steps/preflight/checks/ports.ts';
import { programCheck } from '../../steps/preflight/checks/program.ts';
import { writableCheck } from '../../steps/preflight/checks/user-rights.ts';
import { findMissingImages, type NeededImages } from '../../steps/preflight/image-source.ts';
import { PINS } from '../../steps/tools/pins.ts';
import type { ClusterConfig, StepBody, StepId } from '../provider.ts';
import { imagesCheck } from './check-images.ts';

/** For downloaded programs, logs and the state itself, in gigabytes. */
const HOME_GB = 1;

/**
 * The checks of a cluster in Docker, from its configuration.
 *
 * @param images references of all images that the cluster needs, the node's among them, with `--image-mirror` applied
 */
export function createKindPreflight(config: ClusterConfig, images: NeededImages): StepBody {
  return createPreflightBody(listKindChecks(config, images), { env: config.env });
}

/** The list itself: a further condition is a further line here. */
export function listKindChecks(config: ClusterConfig, images: NeededImages): readonly Check[] {
  const { env, binDir, home, preflight } = config;
  const missing = (of: CheckEnv) => findMissingImages(of, images, 'pods_ready' satisfies StepId);
  return [
    dockerCheck(),
    programCheck(PINS.kind, { env, binDir }),
    programCheck(PINS.kubectl, { env, binDir }),
    writableCheck(home),
    diskCheck({
      id: 'disk-docker',
      title: 'disk of Docker',
      folder: (of) => dockerDataFolder(of, home),
      neededGb: preflight.diskGb,
      hint: 'docker system prune frees what no container uses; the need is set by preflight.disk_gb in --config',
      until: 'pods_ready' satisfies StepId,
    }),
    diskCheck({
      id: 'disk-home',
      title: 'disk of the home folder',
      folder: () => home,
      neededGb: Math.min(HOME_GB, preflight.diskGb),
      hint: 'make room there, or set CONTEXTCORE_HOME to a folder on another disk',
    }),
    memoryCheck(preflight.memoryGb, dockerCapacity, 'cluster_create' satisfies StepId),
    cpuCheck(preflight.cpus, dockerCapacity, 'cluster_create' satisfies StepId),
    ...Object.entries(config.ports).map(([name, port]) =>
      portCheck({
        name,
        port,
        until: 'cluster_create' satisfies StepId,
        isOurs: (held, _listener, of) => isPublished(of, config.cluster, held),
      }),
    ),
    cgroupCheck('cluster_create' satisfies StepId),
    inotifyCheck(),
    clockCheck([dockerClock, registryClock(missing)]),
    registriesCheck(missing),
    imagesCheck(missing, home, arch()),
  ];
}

/** Whether a node of this very cluster has the port; `docker ps` writes `127.0.0.1:3000->30000/tcp`. */
async function isPublished(env: CheckEnv, cluster: string, port: number): Promise<boolean> {
  const published = await env.once('docker ps', async () => {
    const args = ['ps', '--filter', `label=io.x-k8s.kind.cluster=${cluster}`, '--format', '{{.Ports}}'];
    const answer = await env.query({ file: 'docker', args }).catch(() => undefined);
    return answer?.stdout ?? '';
  });
  return published.includes(`:${port}->`);
}
