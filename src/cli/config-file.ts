import { InstallerError } from '../errors/installer-error.ts';
import { readYamlFile } from '../system/yaml-file.ts';
import { nearest } from '../ui/nearest.ts';
import { CLUSTER_FLAGS, type Flag, SHARED_FLAGS } from './flags.ts';

export interface ConfigFile {
  path: string;
  /** By flag name. */
  flags: Record<string, unknown>;
  /** The `preflight:` section as it stands in the file; its owner checks it. */
  preflight?: unknown;
  /** The `notifications:` section, likewise. */
  notifications?: unknown;
}

/** Sections that are no flags. */
const SECTIONS = ['preflight', 'notifications'] as const;

const FLAGS: Readonly<Record<string, Flag>> = { ...SHARED_FLAGS, ...CLUSTER_FLAGS };

/**
 * Reads `--config FILE`: flag names (with "-" or "_") and their values, lists as YAML lists, ports also as a mapping.
 *
 * @throws InstallerError `config` naming the file, the line and what it takes
 */
export function readConfigFile(path: string): ConfigFile {
  const file = readYamlFile(path, '--config');
  const content = file.content ?? {};
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw bad(path, 'must hold flag names and their values');
  }
  const flags: Record<string, unknown> = {};
  const sections: Partial<Record<(typeof SECTIONS)[number], unknown>> = {};
  for (const [key, value] of Object.entries(content)) {
    const where = file.where([key]);
    const section = SECTIONS.find((name) => name === key);
    if (section !== undefined) sections[section] = value;
    else flags[key.replaceAll('_', '-')] = readValue(key.replaceAll('_', '-'), value, where);
  }
  return { path, flags, ...sections };
}

function readValue(name: string, value: unknown, where: string): unknown {
  const flag = FLAGS[name];
  if (flag === undefined || flag.commandLineOnly === true) {
    const allowed = Object.keys(FLAGS).filter((key) => FLAGS[key]?.commandLineOnly !== true);
    const near = nearest(name, [...allowed, ...SECTIONS]);
    throw bad(
      where,
      `unknown setting "${name}"`,
      near === undefined ? `known are: ${allowed.join(', ')}` : `did you mean "${near}"?`,
    );
  }
  if (flag.type === 'boolean') {
    if (typeof value !== 'boolean') throw bad(where, `"${name}" takes true or false`);
    return value;
  }
  const text = Array.isArray(value) ? value.map(String) : value;
  if (flag.choices !== undefined && !flag.choices.includes(String(text))) {
    throw bad(where, `"${name}" takes one of ${flag.choices.join(', ')}`);
  }
  if (flag.type === 'array') {
    if (name === 'port' && isMapping(value)) return Object.entries(value).map(([port, number]) => `${port}=${number}`);
    return Array.isArray(text) ? text : [String(text)];
  }
  if (isMapping(value) || value === null) throw bad(where, `"${name}" takes one value`);
  return Array.isArray(text) ? text.join(',') : String(text);
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bad(where: string, why: string, hint?: string): InstallerError {
  return new InstallerError('config', `${where}: ${why}`, hint === undefined ? {} : { hint });
}
