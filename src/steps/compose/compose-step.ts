import { readFileSync } from 'node:fs';
import { digestOf } from '../../engine/fingerprint.ts';
import type { Outputs } from '../../engine/record.ts';
import type { Observation, Step, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { READINESS } from '../../resilience/policy.ts';
import { awaitReady, type Readiness } from '../../resilience/wait-until.ts';
import { pullImages } from '../images/pull-images.ts';
import { type FixLimit, settleImages } from '../images/settle-images.ts';
import { stateOfMissing } from '../observe-missing.ts';
import { type ComposeSettings, openProject, type Project } from './project.ts';
import { hasContainers, lastWords, lookAtServices, readinessOf, type ServiceState } from './services.ts';

export interface ComposeStepSpec extends ComposeSettings {
  fix: FixLimit;
  /** For all services to be healthy, in milliseconds. */
  waitMs: number;
}

const SETTLED_MS = 1_000;
/**
 * Body of a step that brings up a compose project: images checked, replaced where they are gone, pulled; up; waited for
 * health; taken down again when that fails and nothing of it was there before.
 */
export function composeBody(spec: ComposeStepSpec): Pick<Step, 'inputs' | 'observe' | 'apply' | 'rollback'> {
  return {
    inputs: () => ({
      files: spec.files.join(' '),
      project: spec.project ?? '',
      profiles: spec.profiles.join(' '),
      fix: spec.fix,
    }),
    observe: (ctx) => observe(ctx, spec),
    apply: (ctx) => apply(ctx, spec),
    rollback: async (ctx) => {
      if (ctx.recorded?.outputs?.started === true) await takeDown(ctx, await openProject(ctx, spec));
    },
  };
}

async function observe(ctx: StepContext, spec: ComposeStepSpec): Promise<Observation> {
  const project = await openProject(ctx, spec);
  if (!(await hasContainers(ctx, project)))
    return { state: 'absent', reason: `project ${project.name} has no containers` };
  const states = await lookAtServices(ctx, project);
  const seen = readinessOf(states);
  const changed =
    ctx.recorded?.outputs?.content !== undefined && ctx.recorded.outputs.content !== contentOf(project.files).content;
  if (changed) return { state: 'absent', reason: 'its files have changed' };
  const details = states.map(({ service, state }) => `${service} ${state}`);
  if (seen.ready) return { state: 'present', reason: seen.answer, details };
  return { state: stateOfMissing(ctx), reason: seen.reason, details };
}

async function apply(ctx: StepContext, spec: ComposeStepSpec): Promise<Outputs> {
  const project = await openProject(ctx, spec);
  const { checked, outputs: settled } = await settleImages(ctx, project.files, spec.fix, spec);
  const images = { ...(await pullImages(ctx, checked, spec)), ...settled };
  const before = await hasContainers(ctx, project);
  // Ours from the first container on, whatever ends this run.
  const ours = !before || ctx.recorded?.outputs?.started === true;
  if (ours) await ctx.remember({ started: true });
  try {
    ctx.progress('starting services');
    await ctx.exec(project.command('up', '--detach'));
    await awaitServices(ctx, project, spec.waitMs);
  } catch (thrown) {
    if (before || ctx.signal.aborted) throw explainOld(thrown);
    await takeDown(ctx, project);
    await ctx.remember({ started: false });
    throw thrown instanceof InstallerError
      ? thrown.with({ hint: 'what was started is taken down again; volumes stay' })
      : thrown;
  }
  return { ...images, project: project.name, ...contentOf(project.files), ...(ours ? { started: true } : {}) };
}

/** docker-compose 1 reads a field that newer engines do not send any more. */
function explainOld(thrown: unknown): unknown {
  const old =
    thrown instanceof InstallerError && thrown.details.tail?.some((line) => line.includes("'ContainerConfig'"));
  if (!old) return thrown;
  const hint = 'docker-compose 1 cannot replace containers of this Docker engine: install the plugin docker compose';
  return thrown.with({ hint });
}

async function awaitServices(ctx: StepContext, project: Project, timeoutMs: number): Promise<void> {
  // A container that dies at once still counts as running for a moment.
  await ctx.clock.sleep(SETTLED_MS, ctx.signal);
  let states: readonly ServiceState[] = [];
  const look = async (): Promise<Readiness> => {
    states = await lookAtServices(ctx, project);
    // What has ended for good is not waited for.
    if (states.some(({ over }) => over === true)) throw await unhealthy(ctx, project, states, 'is not healthy');
    return readinessOf(states);
  };
  const seen = await awaitReady(look, {
    clock: ctx.clock,
    signal: ctx.signal,
    timeoutMs,
    intervalMs: READINESS.intervalMs,
    onReason: (reason) => {
      ctx.log(`not ready: ${reason}`);
      ctx.progress(reason);
    },
  });
  if (seen.ready) return;
  throw await unhealthy(ctx, project, states, `was not healthy within ${Math.round(timeoutMs / 1000)} s`);
}

async function unhealthy(ctx: StepContext, { name }: Project, states: readonly ServiceState[], how: string) {
  const seen = readinessOf(states);
  const why = seen.ready ? '' : `: ${seen.reason}`;
  return new InstallerError('step_failed', `project ${name} ${how}${why}`, { lines: await lastWords(ctx, states) });
}

/** Containers and networks; volumes hold data and stay. */
async function takeDown(ctx: StepContext, project: Project): Promise<void> {
  ctx.progress('taking the services down again');
  await ctx.exec(project.command('down'));
}

/** Kept as an output: the files may be made by a step before, and changed by a fix, so they are no inputs. */
function contentOf(files: readonly string[]): { content: string } {
  return { content: digestOf(Buffer.concat(files.map((file) => readFileSync(file))), 12) };
}
