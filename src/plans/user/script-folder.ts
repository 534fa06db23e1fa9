import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { DEFAULT_CLUSTER } from '../../engine/plan.ts';
import type { Step } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { commandStep } from '../../steps/command.ts';
import { type LoadedPlan, planName } from './loaded-plan.ts';

const NUMBERED = /^(\d+)[-_](.+?)(?:\.(?:sh|bash))?$/;

/**
 * Reads a plan from a folder of numbered scripts (`01_install_packages.sh`, `02-create-users.sh`): one step each,
 * in the order of the numbers, each needing the one before. A script's content is the step's input.
 *
 * @param secrets names of the secrets that every script is given
 * @throws InstallerError `config` when there is none, or two have the same number
 */
export function loadScriptFolder(path: string, cluster: string | undefined, secrets: readonly string[]): LoadedPlan {
  const folder = resolve(path);
  const scripts = readdirSync(folder)
    .flatMap((file) => {
      const [, number, name] = NUMBERED.exec(file) ?? [];
      return number === undefined || name === undefined ? [] : [{ file, number: Number(number), name }];
    })
    .sort((a, b) => a.number - b.number);
  if (scripts.length === 0) {
    throw new InstallerError('config', `${path}: no numbered scripts in it`, {
      hint: 'name them 01_first.sh, 02_second.sh, ...',
    });
  }
  const steps: Step[] = [];
  for (const [index, { file, number, name }] of scripts.entries()) {
    const twin = scripts[index + 1];
    if (twin?.number === number)
      throw new InstallerError('config', `${path}: ${file} and ${twin.file} have the same number`);
    const id = `${String(number).padStart(2, '0')}_${name.replace(/[^A-Za-z0-9_.-]+/g, '_')}`;
    const before = steps.at(-1);
    const body = commandStep({
      id,
      title: name.replaceAll(/[_-]+/g, ' '),
      run: ['bash', join(folder, file)],
      cwd: folder,
      files: [file],
      secrets,
    });
    steps.push({ ...body, needs: before === undefined ? [] : [before] });
  }
  const name = planName(basename(folder)) || 'scripts';
  return { plan: { name, cluster: cluster ?? DEFAULT_CLUSTER, steps }, path: folder, secrets };
}
