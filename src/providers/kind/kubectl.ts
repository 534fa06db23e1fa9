import type { Command, QueryResult } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ClusterConfig } from '../provider.ts';
import { lastLine, type Query } from './docker.ts';
import { contextOf, kubeconfigPath, programEnv } from './names.ts';

/** An object of the Kubernetes API, as far as this installer looks into it. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    creationTimestamp?: string;
    [more: string]: unknown;
  };
  [more: string]: unknown;
}

const ASK_TIMEOUT_MS = 30_000;
const UNREACHABLE =
  /unable to connect to the server|connection to the server .* was refused|i\/o timeout|connection refused|EOF$|TLS handshake timeout|server is currently unable|no such file or directory|context .* does not exist|etcdserver:/im;

type KubeConfig = Pick<ClusterConfig, 'cluster' | 'dataDir' | 'binDir' | 'env'>;

/** A `kubectl` command line for this cluster, by our own kubeconfig: the user's current context never matters. */
export function kubectl(config: KubeConfig, args: readonly string[], more: Partial<Command> = {}): Command {
  const target = ['--kubeconfig', kubeconfigPath(config), '--context', contextOf(config.cluster)];
  return { file: 'kubectl', args: [...target, ...args], env: programEnv(config), ...more };
}

/**
 * Asks kubectl; an exit code besides those of `accept` (default: 0) is an error.
 *
 * @throws InstallerError `step_failed`, of class `network_reset` when the API could not be reached
 */
export async function askKubectl(
  query: Query,
  config: KubeConfig,
  args: readonly string[],
  more: Partial<Command> & { accept?: readonly number[] } = {},
): Promise<QueryResult> {
  const { accept = [0], ...command } = more;
  const answer = await query(kubectl(config, args, { timeoutMs: ASK_TIMEOUT_MS, ...command }));
  if (answer.exitCode !== null && accept.includes(answer.exitCode)) return answer;
  throw kubectlError(config.cluster, args, answer);
}

/** Like {@link askKubectl}, for `get … -o json` of several objects. `input` is for `-f -`. */
export async function getObjects(
  query: Query,
  config: KubeConfig,
  args: readonly string[],
  input?: string,
): Promise<readonly KubeObject[]> {
  const given = input === undefined ? {} : { input };
  const { stdout } = await askKubectl(query, config, ['get', ...args, '--ignore-not-found', '-o', 'json'], given);
  if (stdout.trim() === '') return [];
  const parsed = JSON.parse(stdout) as KubeObject | { kind: string; items: KubeObject[] };
  return 'items' in parsed && Array.isArray(parsed.items) ? parsed.items : [parsed as KubeObject];
}

/** Whether an error says that the API could not be reached: then nothing is known of the cluster. */
export function isApiUnreachable(thrown: unknown): thrown is InstallerError {
  return thrown instanceof InstallerError && (thrown.class === 'network_reset' || thrown.class === 'network_timeout');
}

function kubectlError(cluster: string, args: readonly string[], answer: QueryResult): InstallerError {
  const why = lastLine(answer.stderr);
  const lines = answer.stderr.trim().split('\n').slice(-8);
  if (UNREACHABLE.test(answer.stderr)) {
    return new InstallerError('step_failed', `the API of cluster "${cluster}" does not answer: ${why}`, {
      class: 'network_reset',
      lines,
    });
  }
  return new InstallerError('step_failed', `kubectl ${args[0]} exited with ${answer.exitCode}: ${why}`, { lines });
}
