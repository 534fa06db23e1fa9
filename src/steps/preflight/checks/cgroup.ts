import type { Check, CheckEnv, Finding } from '../check.ts';
import { askDocker, type DockerInfo } from '../docker-info.ts';

const CONTROLLERS = [
  ['memory', 'MemoryLimit'],
  ['pids', 'PidsLimit'],
  ['cpu', 'CpuCfsQuota'],
] as const satisfies readonly (readonly [string, keyof DockerInfo])[];

/**
 * Whether containers get the control groups that a kubelet needs, asked of the Docker engine, which alone knows its kernel.
 * cgroup v1 works, with a warning: Kubernetes has it in maintenance since 1.31, and from 1.35 on a kubelet refuses it
 * unless told otherwise (https://kubernetes.io/docs/concepts/architecture/cgroups/).
 */
export function cgroupCheck(until?: string): Check {
  return { id: 'cgroup', title: 'control groups', ...(until === undefined ? {} : { until }), run: checkCgroup };
}

async function checkCgroup(env: CheckEnv): Promise<Finding | undefined> {
  const answer = await askDocker(env);
  if (!answer.reached) return undefined;
  const { info } = answer;
  const missing = CONTROLLERS.filter(([, field]) => info[field] === false).map(([name]) => name);
  if (missing.length > 0) {
    const rootless = info.SecurityOptions?.some((option) => option.includes('name=rootless')) === true;
    return {
      level: 'error',
      message: `the Docker engine cannot limit ${missing.join(', ')} of containers`,
      hint: rootless
        ? 'delegate the controllers to your user: https://kind.sigs.k8s.io/docs/user/rootless/'
        : 'enable the controllers of the kernel (memory: boot with cgroup_enable=memory) and restart Docker',
    };
  }
  if (info.CgroupVersion === '1') {
    const hint =
      'Kubernetes 1.35 and newer may not start with it; boot with systemd.unified_cgroup_hierarchy=1 for version 2';
    return { level: 'warning', message: 'version 1', hint };
  }
  return { level: 'ok', message: info.CgroupVersion === '' ? 'present' : `version ${info.CgroupVersion}` };
}
