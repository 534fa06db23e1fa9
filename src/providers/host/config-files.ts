import { mkdir, readFile, stat } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { InstallerError } from '../../errors/installer-error.ts';
import { writeDurably } from '../../system/durable-file.ts';
import type { ClusterConfig } from '../provider.ts';
import { type HostComponent, portOf, type Server } from './components.ts';
import { readIfThere } from './files.ts';

/** The alert rules on installations, as they ship. */
const RULES = 'contextcore-install.rules.yaml';

export interface ConfigFile {
  server: Server;
  path: string;
  /** As it should be. */
  text: string;
}

/**
 * The servers' configuration files as they should be, from the templates in host/, which stands beside the manifests,
 * and the alert rules for Prometheus.
 *
 * @throws InstallerError `config` when a template is missing or broken
 */
export async function renderConfigs(
  config: Pick<ClusterConfig, 'components' | 'ports' | 'manifestsDir'>,
  servers: readonly Server[],
): Promise<readonly ConfigFile[]> {
  const shipped = resolve(config.manifestsDir, '..');
  const files = servers.map(async (server): Promise<ConfigFile[]> => {
    const template = join(shipped, 'host', `${server.name}.yml`);
    const text = render(await readTemplate(template), template, config);
    const own = { server, path: server.configFile, text };
    if (server.name !== 'prometheus') return [own];
    const rules = await readTemplate(join(shipped, 'dashboards/alerts', RULES));
    return [own, { server, path: join(server.folder, 'rules', RULES), text: rules }];
  });
  return (await Promise.all(files)).flat();
}

/** How a file differs from what it should be; undefined when it does not. */
export async function differenceOf(file: ConfigFile): Promise<'missing' | 'edited' | undefined> {
  const found = await readIfThere(file.path);
  if (found === undefined) return 'missing';
  return found === file.text ? undefined : 'edited';
}

/**
 * Writes a file as it should be. What stood there otherwise is kept beside it.
 *
 * @returns the path of the kept copy, if there was anything to keep
 */
export async function writeConfig(file: ConfigFile, at: Date): Promise<string | undefined> {
  await mkdir(join(file.server.folder, 'rules'), { recursive: true, mode: 0o700 });
  const found = await readIfThere(file.path);
  if (found === file.text) return undefined;
  const copy = found === undefined ? undefined : `${file.path}.${at.toISOString().replaceAll(/[:.-]/g, '')}.bak`;
  if (copy !== undefined && found !== undefined) await writeDurably(copy, found);
  await writeDurably(file.path, file.text);
  return copy;
}

/** When a file was last written, in milliseconds since the epoch. */
export async function writtenAt(file: ConfigFile): Promise<number> {
  return (await stat(file.path)).mtimeMs;
}

async function readTemplate(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new InstallerError('config', `the template ${path} cannot be read`, {
      hint: 'this installation of the program is incomplete: install it again',
      cause,
    });
  }
}

function render(
  template: string,
  path: string,
  { components, ports }: Pick<ClusterConfig, 'components' | 'ports'>,
): string {
  const filled = template.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) =>
    String(portOf(componentOf(name, path), ports)),
  );
  const document = parseDocument(filled);
  if (document.errors.length > 0) throw new InstallerError('config', `${path}: ${document.errors[0]?.message}`);
  if (basename(path) === 'prometheus.yml' && !components.includes('alertmanager')) {
    document.delete('alerting');
    const jobs: unknown = document.toJS().scrape_configs;
    const index = Array.isArray(jobs) ? jobs.findIndex((job) => job.job_name === 'alertmanager') : -1;
    if (index >= 0) document.deleteIn(['scrape_configs', index]);
  }
  return document.toString({ lineWidth: 0 });
}

function componentOf(name: string, path: string): HostComponent {
  if (name === 'prometheus' || name === 'alertmanager') return name;
  throw new InstallerError('config', `${path}: {{${name}}} is not known`);
}
