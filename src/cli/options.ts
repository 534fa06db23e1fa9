import type { Selection } from '../engine/select-steps.ts';
import { InstallerError } from '../errors/installer-error.ts';
import type { TelemetryWishes } from '../telemetry/settings.ts';
import { parseDuration } from '../ui/duration.ts';
import { MODE_FLAGS, type ModeFlag } from './flags.ts';

/** Flags as yargs or the configuration file gives them, by flag name. */
export type RawFlags = Readonly<Record<string, unknown>>;

/** What was asked for, checked but not yet merged with what is recorded. */
export interface Options {
  mode: ModeFlag | 'run';
  cluster?: string;
  dryRun: boolean;
  acceptChanges: boolean;
  selection?: Selection;
  timeoutMs?: number;
  secrets: readonly string[];
  yes: boolean;
  json: boolean;
  quiet: boolean;
  verbose: boolean;
  color?: boolean;
  check: boolean;
  watch: boolean;
  provider?: 'auto' | 'kind' | 'host';
  components?: readonly string[];
  without: readonly string[];
  ports: Readonly<Record<string, number>>;
  nodeImage?: string;
  imageMirror?: string;
  preflightProfile?: string;
  telemetry: TelemetryWishes;
  /** Folder for telemetry as files. */
  otlpFile?: string;
}

const DNS_LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Checks flags one by one and against each other.
 *
 * @throws InstallerError `usage` naming the flag and what it takes
 */
export function readOptions(raw: RawFlags): Options {
  const mode = readMode(raw);
  const cluster = text(raw, 'cluster');
  if (cluster !== undefined && !DNS_LABEL.test(cluster)) {
    throw usage(`--cluster ${cluster}: not a DNS label`, 'use a-z, 0-9 and "-", at most 63, no "-" at either end');
  }
  const timeout = text(raw, 'timeout');
  const secrets = list(raw, 'secret');
  for (const name of secrets) {
    if (!ENV_NAME.test(name)) throw usage(`--secret ${name}: not the name of an environment variable`);
  }
  const only = text(raw, 'only');
  const from = text(raw, 'from');
  if (only !== undefined && from !== undefined) throw usage('--only and --from exclude each other');
  const selection = only !== undefined ? { only } : from !== undefined ? { from } : undefined;
  const provider = text(raw, 'provider') as Options['provider'];
  const components = text(raw, 'components');
  return {
    mode,
    dryRun: raw['dry-run'] === true,
    acceptChanges: raw['accept-changes'] === true,
    secrets,
    yes: raw.yes === true,
    json: raw.json === true,
    quiet: raw.quiet === true,
    verbose: raw.verbose === true,
    check: raw.check === true,
    watch: raw.watch === true,
    without: names(text(raw, 'without') ?? ''),
    ports: readPorts(list(raw, 'port')),
    telemetry: readTelemetryWishes(raw),
    ...(cluster === undefined ? {} : { cluster }),
    ...(selection === undefined ? {} : { selection }),
    ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout, '--timeout') }),
    ...(typeof raw.color === 'boolean' ? { color: raw.color } : {}),
    ...(provider === undefined ? {} : { provider }),
    ...(components === undefined ? {} : { components: names(components) }),
    ...optional('otlpFile', text(raw, 'otlp-file')),
    ...optional('nodeImage', text(raw, 'node-image')),
    ...optional('imageMirror', text(raw, 'image-mirror')),
    ...optional('preflightProfile', text(raw, 'preflight-profile')),
  };
}

/** Where telemetry goes, as flags and the configuration file say it. */
export function readTelemetryWishes(raw: RawFlags): TelemetryWishes {
  return {
    ...optional('remoteWriteUrl', text(raw, 'remote-write-url')),
    ...optional('pushgatewayUrl', text(raw, 'pushgateway-url')),
    ...optional('tenant', text(raw, 'tenant')),
  };
}

function readMode(raw: RawFlags): Options['mode'] {
  const modes = (Object.keys(MODE_FLAGS) as ModeFlag[]).filter((name) => raw[name] === true);
  const [mode = 'run', second] = modes;
  if (second !== undefined) throw usage(`--${mode} and --${second} exclude each other`);
  const changes = mode === 'reset' || mode === 'delete';
  if (raw['dry-run'] === true && (changes || mode === 'status')) throw usage(`--dry-run does not go with --${mode}`);
  if (raw['accept-changes'] === true && mode !== 'resume') throw usage('--accept-changes goes with --resume');
  for (const flag of ['check', 'watch']) {
    if (raw[flag] === true && mode !== 'status') throw usage(`--${flag} goes with --status`);
  }
  for (const flag of ['only', 'from']) {
    if (raw[flag] !== undefined && (changes || mode === 'status')) throw usage(`--${flag} does not go with --${mode}`);
  }
  if (raw.quiet === true && raw.verbose === true) throw usage('--quiet and --verbose exclude each other');
  return mode;
}

function readPorts(entries: readonly string[]): Record<string, number> {
  const ports: Record<string, number> = {};
  for (const entry of entries) {
    const [, name, digits] = /^([a-z0-9-]+)=(\d{1,5})$/.exec(entry) ?? [];
    const port = Number(digits);
    if (name === undefined || port < 1 || port > 65535) {
      throw usage(`--port ${entry}: not NAME=PORT`, 'such as --port grafana=3001, with a port from 1 to 65535');
    }
    if (ports[name] !== undefined && ports[name] !== port) throw usage(`--port ${name} is given twice`);
    const twin = Object.keys(ports).find((other) => other !== name && ports[other] === port);
    if (twin !== undefined) throw usage(`--port ${entry}: ${twin} has port ${port} already`);
    ports[name] = port;
  }
  return ports;
}

function text(raw: RawFlags, flag: string): string | undefined {
  const value = raw[flag];
  if (value === undefined) return undefined;
  if (Array.isArray(value)) throw usage(`--${flag} is given more than once`);
  if (typeof value !== 'string' || value.trim() === '') throw usage(`--${flag} needs a value`);
  return value.trim();
}

function list(raw: RawFlags, flag: string): readonly string[] {
  const value = raw[flag];
  return value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String);
}

/** The names of a comma-separated list. */
function names(value: string): readonly string[] {
  return value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

function optional<K extends string>(key: K, value: string | undefined): { [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { [P in K]?: string });
}

function usage(message: string, hint?: string): InstallerError {
  return new InstallerError('usage', message, hint === undefined ? {} : { hint });
}
