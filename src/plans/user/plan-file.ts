import { basename, dirname, extname, resolve } from 'node:path';
import { DEFAULT_CLUSTER } from '../../engine/plan.ts';
import { readYamlFile, type YamlFile } from '../../system/yaml-file.ts';
import { linkSteps } from './link-steps.ts';
import { type LoadedPlan, planName } from './loaded-plan.ts';
import type { PlanSpec } from './plan-schema.ts';
import { readStep } from './read-step.ts';
import { isUsualPlan } from './usual-plan.ts';

/**
 * Reads a plan, or a module manifest, from a YAML file. A step without `needs` needs the one before it; `needs: []` makes it independent.
 *
 * @param cluster from `--cluster`; wins over the file's own
 * @throws InstallerError `config` naming the file, the line and what it takes
 */
export async function loadPlanFile(path: string, cluster: string | undefined): Promise<LoadedPlan> {
  const file = readYamlFile(path, 'plan');
  if (isManifest(file.content)) return await (await import('./module-manifest.ts')).loadManifest(path, file, cluster);
  const data = isUsualPlan(file.content) ? file.content : await judgePlan(file);
  const folder = dirname(resolve(path));
  const entries = [];
  for (const [index, spec] of data.steps.entries()) {
    const step = await readStep(spec, { folder, path: ['steps', index], where: file.where });
    const before = data.steps.slice(Math.max(0, index - 1), index).map(({ id }) => id);
    entries.push({ step, needs: spec.needs ?? before });
  }
  return {
    plan: {
      name: data.name ?? planName(basename(path, extname(path))),
      cluster: cluster ?? data.cluster ?? DEFAULT_CLUSTER,
      steps: linkSteps(entries, path),
    },
    path: resolve(path),
    secrets: [...new Set(data.steps.flatMap((spec) => spec.secrets ?? []))],
    ...(data.concurrency === undefined ? {} : { concurrency: data.concurrency }),
  };
}

function isManifest(content: unknown): boolean {
  return typeof content === 'object' && content !== null && 'modules' in content && !('steps' in content);
}

/** Asks the schema. @throws InstallerError `config` */
async function judgePlan({ content, where }: YamlFile): Promise<PlanSpec> {
  const [{ planSchema }, { explainIssue }] = await Promise.all([
    import('./plan-schema.ts'),
    import('./explain-issue.ts'),
  ]);
  const parsed = planSchema.safeParse(content);
  if (parsed.success) return parsed.data;
  throw explainIssue(parsed.error, planSchema, [], where, 'plan');
}
