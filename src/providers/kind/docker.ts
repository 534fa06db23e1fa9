import * as z from 'zod';
import type { Command, QueryResult } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { describeDockerHost, startHint } from '../../steps/preflight/docker-hint.ts';
import type { ClusterConfig } from '../provider.ts';
import { programEnv } from './names.ts';

/** Runs a child for a short answer: a step's `ctx.query`, or the like outside of a step. */
export type Query = (command: Command) => Promise<QueryResult>;

type DockerConfig = Pick<ClusterConfig, 'binDir' | 'env'>;

/** A node of a kind cluster, as Docker sees it. */
export interface NodeContainer {
  id: string;
  name: string;
  role: string;
  image: string;
  createdMs: number;
  running: boolean;
  paused: boolean;
  /** Declared host ports; also of a stopped container. */
  ports: readonly { nodePort: number; hostAddress: string; hostPort: number }[];
  /** Address in Docker's network; empty when stopped. */
  address: string;
}

const ASK_TIMEOUT_MS = 20_000;
const UNREACHABLE =
  /cannot connect to the docker daemon|is the docker daemon running|error during connect|permission denied while trying|failed to connect to the docker api/i;

const portBindings = z.record(
  z.string(),
  z.array(z.object({ HostIp: z.string().default(''), HostPort: z.string().default('') })).nullish(),
);
/** What is read of `docker inspect` (GET /containers/{id}/json of the engine's API). */
const containers = z.array(
  z.object({
    Id: z.string(),
    Name: z.string(),
    Created: z.string(),
    State: z.object({ Running: z.boolean(), Paused: z.boolean() }),
    Config: z.object({ Image: z.string(), Labels: z.record(z.string(), z.string()) }),
    HostConfig: z.object({ PortBindings: portBindings.nullish() }),
    NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ IPAddress: z.string() })) }),
  }),
);

/** A `docker` command line. */
export function docker(config: DockerConfig, args: readonly string[], more: Partial<Command> = {}): Command {
  return { file: 'docker', args, env: programEnv(config), ...more };
}

/** @throws InstallerError `engine_unreachable` with the command that starts the engine; any other failure is the caller's to judge */
export async function askDocker(query: Query, config: DockerConfig, args: readonly string[]): Promise<QueryResult> {
  let answer: QueryResult;
  try {
    answer = await query(docker(config, args, { timeoutMs: ASK_TIMEOUT_MS }));
  } catch (thrown) {
    if (!(thrown instanceof InstallerError)) throw thrown;
    if (thrown.class !== 'not_runnable' && thrown.class !== 'network_timeout') throw thrown;
    throw unreachable(config, thrown.message, thrown);
  }
  if (answer.exitCode !== 0 && UNREACHABLE.test(answer.stderr)) throw unreachable(config, lastLine(answer.stderr));
  return answer;
}

/**
 * The nodes of a kind cluster, control plane first; none when there is no such cluster.
 *
 * @throws InstallerError `engine_unreachable`, or `step_failed` when Docker's answer makes no sense
 */
export async function inspectNodes(
  query: Query,
  config: DockerConfig,
  cluster: string,
): Promise<readonly NodeContainer[]> {
  const filter = `label=io.x-k8s.kind.cluster=${cluster}`;
  const listed = await askDocker(query, config, ['ps', '--all', '--quiet', '--no-trunc', '--filter', filter]);
  const ids = listed.stdout.split('\n').filter((line) => line !== '');
  if (listed.exitCode !== 0) throw failed('ps', listed);
  if (ids.length === 0) return [];
  const inspected = await askDocker(query, config, ['inspect', '--type', 'container', ...ids]);
  if (inspected.exitCode !== 0) throw failed('inspect', inspected);
  return readNodes(inspected.stdout);
}

/** @param json output of `docker inspect` */
export function readNodes(json: string): readonly NodeContainer[] {
  const parsed = containers.parse(JSON.parse(json));
  const nodes = parsed.map((one) => ({
    id: one.Id,
    name: one.Name.replace(/^\//, ''),
    role: one.Config.Labels['io.x-k8s.kind.role'] ?? '',
    image: one.Config.Image,
    createdMs: Date.parse(one.Created),
    running: one.State.Running,
    paused: one.State.Paused,
    ports: readPorts(one.HostConfig.PortBindings ?? {}),
    address: Object.values(one.NetworkSettings.Networks)[0]?.IPAddress ?? '',
  }));
  return nodes.sort((a, b) => Number(b.role === 'control-plane') - Number(a.role === 'control-plane'));
}

function readPorts(bindings: z.infer<typeof portBindings>): NodeContainer['ports'] {
  return Object.entries(bindings).flatMap(([port, hosts]) =>
    (hosts ?? []).map(({ HostIp, HostPort }) => ({
      nodePort: Number.parseInt(port, 10),
      hostAddress: HostIp,
      hostPort: Number(HostPort),
    })),
  );
}

function unreachable(config: DockerConfig, why: string, cause?: unknown): InstallerError {
  return new InstallerError('engine_unreachable', `the Docker engine does not answer: ${why}`, {
    hint: startHint(describeDockerHost(config.env)),
    ...(cause === undefined ? {} : { cause }),
  });
}

function failed(what: string, answer: QueryResult): InstallerError {
  return new InstallerError('step_failed', `docker ${what} exited with ${answer.exitCode}: ${lastLine(answer.stderr)}`);
}

/** The last line of a program's complaint, mostly the telling one. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}
