import { join } from 'node:path';
import type { Secrets } from '../engine/secrets.ts';
import { CREATE_CLUSTER } from '../plans/create-cluster/plan.ts';
import type { StateDocument } from '../state/document.ts';
import type { StatePaths } from '../state/paths.ts';
import { statePaths } from '../state/paths.ts';
import { readState } from '../state/read-state.ts';
import { systemClock } from '../system/clock.ts';
import type { Installed } from '../telemetry/delivery/find-backends.ts';
import { CREDENTIAL_VARIABLES, resolveSettings, type TelemetrySettings } from '../telemetry/settings.ts';
import { type Leftover, openTelemetry, type Telemetry } from '../telemetry/telemetry.ts';
import { type CommandTarget, flushCommand } from '../ui/next-command.ts';
import type { Options } from './options.ts';
import type { Terminal } from './terminal.ts';
import { readVersion } from './version.ts';

type Env = Readonly<Record<string, string | undefined>>;
type Document = Pick<StateDocument, 'steps' | 'options' | 'provider'>;

const NOTHING: Installed = { ports: {}, outputs: {} };

/** Names of the secrets that telemetry needs, where they are given as files: those in variables are known anyway. */
export function telemetrySecrets(env: Env): readonly string[] {
  return CREDENTIAL_VARIABLES.filter((name) => env[name] !== undefined || env[`${name}_FILE`] !== undefined);
}

/** Where this command sends telemetry. @throws InstallerError `config` for an address that is none */
export function telemetrySettings(options: Pick<Options, 'telemetry'>, env: Env, secrets: Secrets): TelemetrySettings {
  return resolveSettings(options.telemetry, env, (name) => secrets.value(name));
}

/** Folder of what waits to be delivered. */
export function spoolFolder(paths: StatePaths): string {
  return join(paths.folder, 'spool');
}

/** What the state of an installation tells of the backends in it; a plan of the user's own asks its cluster's. */
export function installedBackends(paths: StatePaths, document: () => Document | undefined): Installed {
  const own = paths.plan === CREATE_CLUSTER ? document() : readClusterState(paths);
  const { ports } = (own?.options ?? {}) as { ports?: Record<string, number> };
  if (own === undefined || ports === undefined) return NOTHING;
  return { ports, outputs: own.steps.cluster_create?.outputs ?? {} };
}

/** Telemetry of one plan on one cluster. The caller holds its lock until it is closed. */
export function openPlanTelemetry(request: {
  paths: StatePaths;
  document: () => Document | undefined;
  options: Pick<Options, 'telemetry'>;
  env: Env;
  secrets: Secrets;
  notify: (message: string) => void;
}): Telemetry {
  const { paths, document, options, env, secrets } = request;
  const { home, cluster, plan } = paths;
  return openTelemetry({
    folder: spoolFolder(paths),
    labels: { cluster, plan },
    version: readVersion(),
    settings: telemetrySettings(options, env, secrets),
    installed: () => installedBackends(paths, document),
    clock: systemClock,
    volumes: { home, docker: '/var/lib/docker' },
    mask: (text) => secrets.mask(text),
    notify: request.notify,
  });
}

/** Tells, in one line, what a receiver that was asked for did not take. */
export function tellLeftover(
  { stderr }: Pick<Terminal, 'stderr'>,
  target: CommandTarget,
  { quiet, json }: Pick<Options, 'quiet' | 'json'>,
  left: Leftover | undefined,
): void {
  if (left === undefined || quiet || json) return;
  stderr.write(`telemetry waits (${left.items} items) for ${left.url}: ${left.reason}\n`);
  stderr.write(`  the next run sends it, or: ${flushCommand(target)}\n`);
}

function readClusterState({ home, cluster }: StatePaths): Document | undefined {
  try {
    return readState(statePaths(home, cluster, CREATE_CLUSTER)).document;
  } catch {
    // Its own commands will say what is wrong with it.
    return undefined;
  }
}
