import { isDone } from '../engine/record.ts';
import { readLivingHolder } from '../state/lock-holder.ts';
import { statePaths } from '../state/paths.ts';
import { readState } from '../state/read-state.ts';
import { type Endpoint, renderStatus, type StatusDocument, statusJson } from '../ui/status.ts';

export interface StatusRequest {
  home: string;
  cluster: string;
  plan: string;
  json: boolean;
  check: boolean;
  color: boolean;
  columns?: number;
}

export interface StatusReport {
  stdout: string;
  stderr: string;
  /** 1 with `check` unless every critical step is completed, else 0. */
  exitCode: number;
  /** A run is at work. */
  running: boolean;
}

/**
 * The answer of `--status`: from files alone, and without loading what a run needs.
 *
 * @throws InstallerError `state_unusable`
 */
export function reportStatus(request: StatusRequest): StatusReport {
  const { home, cluster, plan, json, check, color, columns } = request;
  const paths = statePaths(home, cluster, plan);
  const loaded = readState(paths);
  if (loaded.document === undefined) {
    const stdout = json ? `${JSON.stringify({ cluster_name: cluster, plan, state: null })}\n` : '';
    const stderr = json
      ? ''
      : `no state is recorded for "${cluster}" (${plan}): nothing has been installed from here\n`;
    return { stdout, stderr, exitCode: check ? 1 : 0, running: false };
  }
  const document: StatusDocument = loaded.document;
  const lock = readLivingHolder(paths);
  const exitCode = check && !isComplete(document) ? 1 : 0;
  const stderr = loaded.warnings.map((warning) => `warning: ${warning}\n`).join('');
  const running = lock !== undefined;
  if (json) return { stdout: `${JSON.stringify(statusJson(document, { lock }))}\n`, stderr, exitCode, running };
  const view = {
    now: Date.now(),
    color,
    lock,
    endpoints: endpointsOf(document),
    ...(columns === undefined ? {} : { columns }),
  };
  return { stdout: `${renderStatus(document, view)}\n`, stderr, exitCode, running };
}

function isComplete({ steps }: StatusDocument): boolean {
  const critical = Object.values(steps).filter((step) => step.severity !== 'optional');
  return critical.length > 0 && critical.every((step) => isDone(step.status));
}

/** Addresses, from the ports that the installation has recorded. */
function endpointsOf(document: StatusDocument): readonly Endpoint[] {
  const { ports } = (document.options ?? {}) as { ports?: Record<string, number> };
  return Object.entries(ports ?? {}).map(([name, port]) => ({
    name,
    url: name === 'otlp-grpc' ? `127.0.0.1:${port}` : `http://127.0.0.1:${port}`,
  }));
}
