import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Outputs } from '../../engine/record.ts';
import type { ClusterConfig } from '../provider.ts';
import { askDocker, type NodeContainer, type Query } from './docker.ts';
import { contextOf, INSTALL_ID_LABEL, kubeconfigPath } from './names.ts';
import { chosenPorts } from './ports.ts';

/** Whose an existing cluster of our name is: `half_made` by our own interrupted `kind create`. */
export type Claim = 'ours' | 'half_made' | 'foreign';

/** What is known when a claim is judged. */
export interface Evidence {
  /** Install id that the node carries; '' when it was written without one, undefined when kind had not come so far. */
  markedId: string | undefined;
  /** Install ids of this installation. */
  ownIds: readonly string[];
  /** When we were about to run `kind create`, in milliseconds since the epoch; undefined when it is not under way. */
  intendedMs: number | undefined;
  /** kind writes the kubeconfig when all else is done. */
  kubeconfigWritten: boolean;
  /** Host ports that we declare. */
  ports: Readonly<Record<string, number>>;
}

const RECORD = 'cluster.json';

/** Judges from evidence on the thing itself and from the recorded intent alone; when in doubt, it is not ours. */
export function judgeClaim(node: NodeContainer, evidence: Evidence): Claim {
  const { markedId, ownIds, intendedMs, kubeconfigWritten, ports } = evidence;
  const isBeingMade = intendedMs !== undefined && !kubeconfigWritten;
  if (markedId !== undefined) {
    if (!ownIds.includes(markedId)) return 'foreign';
    return isBeingMade ? 'half_made' : 'ours';
  }
  // Killed before kind wrote the node's configuration: made after our intent, with exactly our ports.
  const madeSince = isBeingMade && node.createdMs >= intendedMs;
  return madeSince && hasExactlyPorts(node, ports) ? 'half_made' : 'foreign';
}

function hasExactlyPorts(node: NodeContainer, ports: Readonly<Record<string, number>>): boolean {
  const chosen = chosenPorts(ports);
  // Besides ours there is the API's own port.
  const declared = node.ports.filter(({ nodePort }) => nodePort !== 6443);
  return (
    chosen.length > 0 &&
    declared.length === chosen.length &&
    chosen.every((port) => isPublished(node, port, port.hostPort))
  );
}

/** Whether a node port is reachable on this very port of the host's loopback. */
export function isPublished(node: NodeContainer, port: { nodePort: number }, hostPort: number): boolean {
  return node.ports.some(
    (one) =>
      one.nodePort === port.nodePort &&
      one.hostPort === hostPort &&
      ['127.0.0.1', '0.0.0.0', '', '::'].includes(one.hostAddress),
  );
}

/** Collects the evidence about an existing cluster. @throws InstallerError `engine_unreachable` */
export async function collectEvidence(
  query: Query,
  config: ClusterConfig,
  node: NodeContainer,
  recorded: Outputs,
): Promise<Evidence> {
  const [markedId, kubeconfigWritten, kept] = await Promise.all([
    readMarkedId(query, config, node),
    isKubeconfigWritten(config),
    readClusterRecord(config),
  ]);
  const ownIds = [config.installId];
  if (recorded.ours === true && typeof recorded.install_id === 'string') ownIds.push(recorded.install_id);
  // The state was reset, the cluster stayed: our data folder still says which container we made.
  if (kept?.container === node.id) ownIds.push(kept.install_id);
  const intendedMs =
    recorded.intent === 'create' && typeof recorded.intent_at === 'string' ? Date.parse(recorded.intent_at) : undefined;
  return { markedId, ownIds, intendedMs, kubeconfigWritten, ports: config.ports };
}

/**
 * The install id on the node, read from the labels that kind was told to give it; works on a stopped node, too.
 * `docker cp` writes a tar archive, in which a small text file stands as it is.
 */
export async function readMarkedId(
  query: Query,
  config: ClusterConfig,
  node: NodeContainer,
): Promise<string | undefined> {
  const { exitCode, stdout } = await askDocker(query, config, ['cp', `${node.id}:/kind/kubeadm.conf`, '-']);
  return exitCode === 0 ? findMarkedId(stdout) : undefined;
}

/**
 * @param kubeadmConfig text of the node's kubeadm configuration
 * @returns '' when it carries no install id; undefined when it is cut off before it could: kind was killed while writing
 */
export function findMarkedId(kubeadmConfig: string): string | undefined {
  const label = INSTALL_ID_LABEL.replaceAll('.', '\\.');
  const id = new RegExp(`node-labels: "?[^"\\n]*${label}=([\\w.-]+)[",\\s]`).exec(kubeadmConfig)?.[1];
  return id ?? (/node-labels: .*\n/.test(kubeadmConfig) ? '' : undefined);
}

async function isKubeconfigWritten(config: ClusterConfig): Promise<boolean> {
  try {
    const file = parse(await readFile(kubeconfigPath(config), 'utf8')) as Record<string, { name?: unknown }[]> | null;
    const names = ['contexts', 'clusters', 'users'].map((list) => file?.[list]?.map(({ name }) => name) ?? []);
    return names.every((list) => list.includes(contextOf(config.cluster)));
  } catch {
    // Absent, or cut off in the middle of being written.
    return false;
  }
}

interface ClusterRecord {
  install_id: string;
  /** Full id of the node's container. */
  container: string;
}

/** Keeps in the data folder which container we made: it outlives a reset of the state. */
export async function keepClusterRecord(config: ClusterConfig, record: ClusterRecord): Promise<void> {
  await writeFile(join(config.dataDir, RECORD), `${JSON.stringify(record)}\n`, { mode: 0o600 });
}

/** What {@link keepClusterRecord} has kept; undefined when there is nothing that makes sense. */
export async function readClusterRecord(config: ClusterConfig): Promise<ClusterRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(config.dataDir, RECORD), 'utf8')) as ClusterRecord;
  } catch {
    return undefined;
  }
}
