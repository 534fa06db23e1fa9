import { execa } from 'execa';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ClusterConfig, Provider } from '../provider.ts';
import { readMarkedId } from './claim.ts';
import { inspectNodes, type Query } from './docker.ts';

/** Runs programs outside of any step, for a short answer. */
export function queryOutside(config: Pick<ClusterConfig, 'env'>): Query {
  return async ({ file, args = [], env, timeoutMs }) => {
    const result = await execa(file, args, {
      env: { ...config.env, ...env },
      extendEnv: false,
      reject: false,
      stdin: 'ignore',
      ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }),
    });
    if (result.exitCode !== undefined || result.isTerminated) {
      if (result.timedOut) throw notAnswered(`${file} did not end within ${timeoutMs} ms`, 'network_timeout');
      return { exitCode: result.exitCode ?? null, stdout: result.stdout, stderr: result.stderr };
    }
    throw notAnswered(`${file} cannot be run: ${result.shortMessage}`, 'not_runnable');
  };
}

/** Whose the cluster of this name is, by the mark on its node: no state is needed, and a stopped node will do. */
export async function findOwner(config: ClusterConfig): ReturnType<Provider['ownership']> {
  const query = queryOutside(config);
  try {
    const [node] = await inspectNodes(query, config, config.cluster);
    if (node === undefined) return { owner: 'absent', reason: `there is no kind cluster "${config.cluster}"` };
    const installId = await readMarkedId(query, config, node);
    if (installId === undefined || installId === '') {
      return { owner: 'foreign', reason: `its node ${node.name} carries no mark of an installation` };
    }
    return { owner: 'ours', installId, reason: `its node ${node.name} is marked with installation ${installId}` };
  } catch (thrown) {
    if (!(thrown instanceof InstallerError)) throw thrown;
    return { owner: 'unknown', reason: thrown.message };
  }
}

function notAnswered(message: string, evidence: 'network_timeout' | 'not_runnable'): InstallerError {
  return new InstallerError('step_failed', message, { class: evidence });
}
