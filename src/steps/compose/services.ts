import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { Readiness } from '../../resilience/wait-until.ts';
import type { Project } from './project.ts';

/** A container of a service, as `docker inspect` tells it. */
interface Container {
  Id: string;
  Config: { Labels: Readonly<Record<string, string>> };
  HostConfig: { RestartPolicy?: { Name?: string } };
  State: { Status: string; ExitCode: number; Health?: { Status: string; Log?: { Output?: string }[] | null } };
}

const SERVICE = 'com.docker.compose.service';

/** How the services of a project are. */
export interface ServiceState {
  service: string;
  /** Absent: no container. */
  container?: string;
  well: boolean;
  /** In a few words. */
  state: string;
  /** It has failed and will not be started again by Docker. */
  over?: boolean;
}

/**
 * Looks at every service: it runs and is healthy, or has done its work and exited with 0.
 *
 * @throws InstallerError when Docker or compose gives no answer
 */
export async function lookAtServices(ctx: StepContext, project: Project): Promise<readonly ServiceState[]> {
  const services = (await ask(ctx, project.command('config', '--services'))).split('\n').filter(Boolean).sort();
  const containers = await containersOf(ctx, project);
  return services.map((service) => {
    const own = containers.filter(({ Config }) => Config.Labels[SERVICE] === service);
    if (own.length === 0) return { service, well: false, state: 'has no container' };
    const states = own.map((container) => ({ service, container: container.Id, ...judge(container) }));
    return states.find(({ well }) => !well) ?? (states[0] as ServiceState);
  });
}

/** The services as one readiness. */
export function readinessOf(states: readonly ServiceState[]): Readiness {
  const bad = states.filter(({ well }) => !well);
  if (bad.length === 0)
    return { ready: true, answer: states.map(({ service, state }) => `${service} ${state}`).join(', ') };
  return { ready: false, reason: bad.map(({ service, state }) => `${service} ${state}`).join(', ') };
}

/** Whether the project has any container, running or not. */
export async function hasContainers(ctx: StepContext, project: Project): Promise<boolean> {
  return (await containersOf(ctx, project)).length > 0;
}

/** The last lines of what services that are not well have said. */
export async function lastWords(ctx: StepContext, states: readonly ServiceState[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { service, container, well } of states) {
    if (well || container === undefined) continue;
    const { stdout, stderr } = await ctx.query({ file: 'docker', args: ['logs', '--tail', '5', container] });
    for (const line of `${stdout}${stderr}`.split('\n').filter(Boolean))
      lines.push(`${service}: ${line.slice(0, 200)}`);
  }
  return lines;
}

function judge({
  HostConfig,
  State: { Status, ExitCode, Health },
}: Container): Pick<ServiceState, 'well' | 'state' | 'over'> {
  if (Status === 'exited') {
    const restarts = !['', 'no', undefined].includes(HostConfig.RestartPolicy?.Name);
    return { well: ExitCode === 0, state: `exited with ${ExitCode}`, over: ExitCode !== 0 && !restarts };
  }
  if (Status !== 'running') return { well: false, state: `is ${Status}` };
  if (Health === undefined || Health.Status === 'none') return { well: true, state: 'runs' };
  const said = Health.Log?.at(-1)?.Output?.trim().split('\n').at(-1)?.slice(0, 120) ?? '';
  const why = Health.Status === 'healthy' || said === '' ? '' : ` (${said})`;
  return { well: Health.Status === 'healthy', state: `is ${Health.Status}${why}` };
}

async function containersOf(ctx: StepContext, { name }: Project): Promise<readonly Container[]> {
  const filters = [`label=com.docker.compose.project=${name}`, 'label=com.docker.compose.oneoff=False'];
  const args = ['ps', '--all', '--quiet', '--no-trunc', ...filters.flatMap((filter) => ['--filter', filter])];
  const ids = (await ask(ctx, { file: 'docker', args })).split('\n').filter(Boolean);
  if (ids.length === 0) return [];
  return JSON.parse(
    await ask(ctx, { file: 'docker', args: ['inspect', '--type', 'container', ...ids] }),
  ) as Container[];
}

async function ask(ctx: StepContext, command: Parameters<StepContext['query']>[0]): Promise<string> {
  const { exitCode, stdout, stderr } = await ctx.query(command);
  if (exitCode === 0) return stdout;
  const said = stderr.trim().split('\n').at(-1) ?? '';
  throw new InstallerError('step_failed', `${command.file} gave no answer: ${said}`, {
    tail: stderr.trim().split('\n'),
  });
}
