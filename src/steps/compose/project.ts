import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Command, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { readYamlFile } from '../../system/yaml-file.ts';
import type { CommandPlace } from '../command.ts';

/** As compose itself looks for it (https://docs.docker.com/compose/intro/compose-application-model/#the-compose-file). */
const USUAL_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml'] as const;

export interface ComposeSettings extends CommandPlace {
  /** Relative to `cwd`; empty: the usual names. */
  files: readonly string[];
  project?: string;
  profiles: readonly string[];
}

/** A project of compose, and the program that runs it. */
export interface Project {
  name: string;
  /** Absolute. */
  files: readonly string[];
  command(...args: readonly string[]): Command;
}

/**
 * @throws InstallerError `config` when there is no compose file; class not_runnable when there is no compose
 */
export async function openProject(ctx: StepContext, settings: ComposeSettings): Promise<Project> {
  const { profiles, cwd, env, secrets } = settings;
  const files = composeFiles(settings);
  const name = settings.project ?? projectName(files[0] ?? '', cwd, { ...ctx.env, ...env });
  const [file = '', ...first] = await findCompose(ctx);
  const options = [...files.flatMap((path) => ['-f', path]), ...profiles.flatMap((profile) => ['--profile', profile])];
  return {
    name,
    files,
    command: (...args) => ({
      file,
      args: [...first, '--project-name', name, '--project-directory', cwd, ...options, ...args],
      cwd,
      ...(env === undefined ? {} : { env }),
      ...(secrets === undefined ? {} : { secrets }),
    }),
  };
}

/** Absolute paths of the compose files. @throws InstallerError `config` when there is none */
function composeFiles({ files, cwd }: Pick<ComposeSettings, 'files' | 'cwd'>): readonly string[] {
  if (files.length > 0) return files.map((path) => resolve(cwd, path));
  const found = USUAL_FILES.map((name) => join(cwd, name)).find((path) => existsSync(path));
  if (found !== undefined) return [found];
  throw new InstallerError('config', `there is no compose file in ${cwd}`, {
    hint: `name it in the plan: compose: FILE`,
  });
}

/** As compose would name it: its own `name`, $COMPOSE_PROJECT_NAME, else the folder. */
function projectName(file: string, cwd: string, env: Readonly<Record<string, string | undefined>>): string {
  const { content } = readYamlFile(file, 'compose file');
  const own = typeof content === 'object' && content !== null && 'name' in content ? content.name : undefined;
  const name = env.COMPOSE_PROJECT_NAME || (typeof own === 'string' && !own.includes('$') ? own : basename(cwd));
  return (
    name
      .toLowerCase()
      .replace(/[^a-z0-9_-]/g, '')
      .replace(/^[_-]+/, '') || 'compose'
  );
}

async function findCompose(ctx: StepContext): Promise<readonly string[]> {
  for (const words of [['docker', 'compose'], ['docker-compose']]) {
    const [file = '', ...args] = words;
    const answer = await ctx.query({ file, args: [...args, 'version'] }).catch(() => undefined);
    if (answer?.exitCode === 0) return words;
  }
  throw new InstallerError('step_failed', 'there is neither docker compose nor docker-compose', {
    class: 'not_runnable',
    hint: 'install the plugin: https://docs.docker.com/compose/install/ (Debian and Ubuntu: apt-get install docker-compose)',
  });
}
