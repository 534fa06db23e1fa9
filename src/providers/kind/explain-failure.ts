import { InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import type { ClusterConfig } from '../provider.ts';
import { chosenPorts } from './ports.ts';

/** As the engines of different years say it. */
const TAKEN = /(?:Bind for |listen tcp[46]? |exposing port TCP |bind host port for )[\d.]+:(\d+)/;
/** Two creations met: the one that lost has only to try again. */
const RACES =
  /network kind is ambiguous|network with name kind already exists|already exist for a cluster with the name|config\.lock: file exists|removal of container .* is already in progress/i;

/** Known complaints of kind and Docker, with what to do about them. */
const HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /failed to pull image/i,
    'load the node image into Docker yourself (docker load), or name one with --node-image that can be pulled',
  ],
  [
    /address pools have been fully subnetted|could not find an available, non-overlapping/i,
    'Docker has no address range left for a network: docker network prune removes unused ones',
  ],
  [
    /could not find a log line that matches/i,
    'the node did not start: often too few inotify instances (sysctl fs.inotify.max_user_instances=512), or too little memory',
  ],
  [/no space left on device/i, 'Docker has no disk space left: docker system prune frees what no container uses'],
];

/** A failed `kind create cluster`, in words that say what to do; races are classed as passing. */
export function explainFailure(thrown: unknown, config: Pick<ClusterConfig, 'cluster' | 'ports'>): InstallerError {
  const error = toInstallerError(thrown);
  const tail = error.details.tail ?? [];
  const text = tail.join('\n');
  const taken = Number(TAKEN.exec(text)?.[1] ?? Number.NaN);
  const port = chosenPorts(config.ports).find(({ hostPort }) => hostPort === taken);
  if (port !== undefined) {
    const { name, hostPort } = port;
    return new InstallerError('step_failed', `port ${hostPort} of the host, for ${name}, is taken by somebody else`, {
      ...error.details,
      class: 'unknown',
      hint: `stop what listens there, then --resume; or take another port: --delete, then create it with --port ${name}=PORT`,
    });
  }
  // kind chooses a free port for the API; another program may be quicker to take it.
  if (RACES.test(text) || !Number.isNaN(taken)) {
    return new InstallerError(error.code, `kind met another one that does the same: ${error.message}`, {
      ...error.details,
      class: 'lock_held',
    });
  }
  // kind quotes the whole command line of docker; what the engine answered is more telling.
  const said =
    tail
      .findLast((line) => line.includes('Error response from daemon:'))
      ?.replace(/^.*Error response from daemon:\s*/, '') ??
    tail.findLast((line) => line.startsWith('ERROR:'))?.replace(/^ERROR:\s*/, '');
  const hint = HINTS.find(([pattern]) => pattern.test(text))?.[1];
  const message = `kind could not create cluster "${config.cluster}": ${said ?? error.message}`;
  return new InstallerError(error.code, message, { ...error.details, ...(hint === undefined ? {} : { hint }) });
}
