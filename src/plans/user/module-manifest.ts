import { existsSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { DEFAULT_CLUSTER } from '../../engine/plan.ts';
import type { Step } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { readYamlFile, type YamlFile } from '../../system/yaml-file.ts';
import { nearest } from '../../ui/nearest.ts';
import { explainIssue } from './explain-issue.ts';
import type { StepBody } from './kinds/kind.ts';
import { linkSteps } from './link-steps.ts';
import { type LoadedPlan, planName } from './loaded-plan.ts';
import { type ManifestSpec, type ModuleSpec, manifestSchema, moduleSchema } from './module-schema.ts';
import type { StepSpec } from './plan-schema.ts';
import { readStep } from './read-step.ts';

/** Files of a module's folder that may describe it. */
const MODULES = ['module.yaml', 'module.yml', 'module.json'] as const;

interface Module {
  name: string;
  spec: ModuleSpec;
  file: YamlFile;
  /** Absolute. */
  folder: string;
  optional: boolean;
  /** In the manifest, for messages. */
  where: string;
}

type Entry = { step: StepBody; needs: readonly string[]; secrets: readonly string[] };

/**
 * Reads a module manifest as a plan: one step for each module, or as many as its `steps`. A module needs what it names,
 * and nothing else.
 *
 * @param path of the manifest
 * @param file the same, read
 * @throws InstallerError `config` naming file and line
 */
export async function loadManifest(path: string, file: YamlFile, cluster: string | undefined): Promise<LoadedPlan> {
  const parsed = manifestSchema.safeParse(file.content);
  if (!parsed.success) throw explainIssue(parsed.error, manifestSchema, [], file.where, 'manifest');
  const { data } = parsed;
  const modules = readModules(data, path, file);
  const byName = new Map(modules.map((module) => [module.name, module]));
  const entries: Entry[] = [];
  for (const module of modules) entries.push(...(await stepsOf(module, byName)));
  const { dir, file: own } = { dir: basename(dirname(resolve(path))), file: basename(path, extname(path)) };
  return {
    plan: {
      name: data.name ?? planName(own === 'modules' ? dir : own),
      cluster: cluster ?? data.cluster ?? DEFAULT_CLUSTER,
      steps: linkSteps(entries, path),
    },
    path: resolve(path),
    secrets: [...new Set(entries.flatMap(({ secrets }) => secrets))],
    ...(data.concurrency === undefined ? {} : { concurrency: data.concurrency }),
  };
}

function readModules({ modules }: ManifestSpec, path: string, file: YamlFile): readonly Module[] {
  const seen = new Map<string, string>();
  return modules.map((entry, index) => {
    const { path: at, optional } = typeof entry === 'string' ? { path: entry } : entry;
    const folder = resolve(dirname(path), at);
    const where = file.where(['modules', index]);
    const found = MODULES.map((name) => join(folder, name)).find((name) => existsSync(name));
    if (found === undefined) throw new InstallerError('config', `${where}: there is no ${join(at, MODULES[0])}`);
    const own = readYamlFile(found, 'module');
    const parsed = moduleSchema.safeParse(own.content);
    if (!parsed.success) throw explainIssue(parsed.error, moduleSchema, [], own.where, 'module');
    const { data: spec } = parsed;
    const name = spec.name ?? basename(folder);
    const twin = seen.get(name);
    if (twin !== undefined)
      throw new InstallerError('config', `${where}: two modules have the name "${name}" (${twin})`);
    seen.set(name, where);
    return { name, spec, file: own, folder, optional: optional ?? spec.optional ?? false, where };
  });
}

async function stepsOf(module: Module, all: ReadonlyMap<string, Module>): Promise<readonly Entry[]> {
  const { name, spec, folder, file } = module;
  const needed = (spec.needs ?? []).flatMap((need, index) => {
    const other = all.get(need);
    if (other !== undefined) return idsOf(other);
    const near = nearest(need, [...all.keys()]);
    const message = `${file.where(['needs', index])}: the module "${name}" needs "${need}", which is not in the manifest`;
    throw new InstallerError('config', message, {
      hint: near === undefined ? `add it to the manifest, or take it out` : `did you mean ${near}?`,
    });
  });
  const entries: Entry[] = [];
  for (const { id, path, spec: step, needs } of specsOf(module)) {
    const body = await readStep(step, { folder, path, where: file.where });
    entries.push({
      step: withVersion({ ...body, id }, spec.version),
      needs: [...needed, ...needs],
      secrets: step.secrets ?? [],
    });
  }
  return entries;
}

function idsOf(module: Module): readonly string[] {
  return specsOf(module).map(({ id }) => id);
}

/** What a module says, as steps of a plan; ids inside a module are its own. */
function specsOf({ name, spec, file, optional }: Module) {
  const {
    version: _version,
    needs: _needs,
    name: _name,
    install,
    uninstall,
    check,
    repair,
    steps,
    title,
    ...common
  } = spec;
  if ((install === undefined) === (steps === undefined)) {
    throw new InstallerError('config', `${file.where([])}: the module "${name}" has either install or steps`);
  }
  if (steps === undefined) {
    const rollback = uninstall === undefined ? {} : { rollback: uninstall };
    const words = { ...(check === undefined ? {} : { check }), ...(repair === undefined ? {} : { repair }) };
    const step = {
      ...common,
      ...words,
      ...rollback,
      id: name,
      title: title ?? name,
      run: install,
      optional,
    } as StepSpec;
    return [{ id: name, path: [], spec: step, needs: [] }];
  }
  const alone = ['check', 'repair', 'uninstall'].find((key) => spec[key as 'check'] !== undefined);
  if (alone !== undefined) {
    throw new InstallerError('config', `${file.where([alone])}: ${alone} belongs to install; its steps have their own`);
  }
  return steps.map((step, index) => {
    const before = steps.slice(Math.max(0, index - 1), index).map(({ id }) => id);
    return {
      id: `${name}.${step.id}`,
      path: ['steps', index],
      spec: { ...common, optional, ...step, title: step.title ?? `${title ?? name}: ${step.id}` } as StepSpec,
      needs: (step.needs ?? before).map((id) => `${name}.${id}`),
    };
  });
}

/** Another version of a module is other work. */
function withVersion(step: StepBody, version: string | undefined): StepBody {
  if (version === undefined) return step;
  const inputs: Step['inputs'] = async () => ({ version, ...(await step.inputs?.()) });
  return { ...step, inputs };
}
