/** Every flag of a run, once: yargs, the configuration file and the help are made from this table. */

export interface Flag {
  type: 'string' | 'boolean' | 'array';
  describe: string;
  choices?: readonly string[];
  group: 'Mode' | 'Installation' | 'Run' | 'Retry' | 'Output';
  /** Not allowed in a configuration file. */
  commandLineOnly?: boolean;
}

/** At most one of these; without any, the plan is run. */
export const MODE_FLAGS = {
  resume: mode('carry on: trust and skip completed steps whose inputs are unchanged'),
  repair: mode('verify every step again and mend what is unhealthy'),
  reset: mode('forget the recorded state (a dated copy is kept); what is installed stays'),
  status: mode('show the recorded state, offline'),
  delete: mode('take back what this installer made, newest first'),
} as const satisfies Record<string, Flag>;

/** Flags shared by every run, of create-cluster and of a user's own plan. */
export const SHARED_FLAGS = {
  cluster: {
    type: 'string',
    describe: 'name of the installation, a DNS label [default: o11y-dev]',
    group: 'Installation',
  },
  'dry-run': {
    type: 'boolean',
    describe: 'look only: what each step would do now',
    group: 'Mode',
    commandLineOnly: true,
  },
  'accept-changes': {
    type: 'boolean',
    describe: 'with --resume: go on although flags or manifests changed since the recorded run',
    group: 'Mode',
    commandLineOnly: true,
  },
  only: { type: 'string', describe: 'run this one step', group: 'Run', commandLineOnly: true },
  from: { type: 'string', describe: 'run this step and those after it', group: 'Run', commandLineOnly: true },
  timeout: { type: 'string', describe: 'limit of the whole run, such as 90s, 20m or 1h30m', group: 'Run' },
  secret: {
    type: 'array',
    describe: 'name of an environment variable whose value is masked everywhere (repeatable)',
    group: 'Run',
  },
  yes: { type: 'boolean', describe: 'answer every question with yes', group: 'Run' },
  config: { type: 'string', describe: 'YAML file that sets any of these flags', group: 'Run', commandLineOnly: true },
  'remote-write-url': {
    type: 'string',
    describe: 'where the metrics of runs are sent [default: $CONTEXTCORE_REMOTE_WRITE_URL, else what was installed]',
    group: 'Run',
  },
  'pushgateway-url': {
    type: 'string',
    describe:
      'a Pushgateway that is told how runs stand, in place of remote write [default: $CONTEXTCORE_PUSHGATEWAY_URL]',
    group: 'Run',
  },
  tenant: {
    type: 'string',
    describe: 'tenant they are sent for (X-Scope-OrgID) [default: $CONTEXTCORE_TENANT]',
    group: 'Run',
  },
  'otlp-file': {
    type: 'string',
    describe: 'folder that traces, metrics and logs are written to as lines of OTLP JSON, to be sent later',
    group: 'Run',
  },
  json: { type: 'boolean', describe: 'events, or the answer, as JSON on stdout', group: 'Output' },
  quiet: { type: 'boolean', describe: 'errors only', group: 'Output' },
  verbose: { type: 'boolean', describe: 'more about each step', group: 'Output' },
  color: { type: 'boolean', describe: 'colours; --no-color turns them off', group: 'Output' },
} as const satisfies Record<string, Flag>;

/** Flags of create-cluster alone. */
export const CLUSTER_FLAGS = {
  provider: {
    type: 'string',
    choices: ['auto', 'kind', 'host'],
    describe: 'what the cluster is made of [default: auto, later the recorded one]',
    group: 'Installation',
  },
  components: {
    type: 'string',
    describe: 'comma-separated list of what to install [default: all]',
    group: 'Installation',
  },
  without: { type: 'string', describe: 'comma-separated list of what to leave out', group: 'Installation' },
  port: { type: 'array', describe: 'NAME=PORT on the host, such as grafana=3001 (repeatable)', group: 'Installation' },
  'node-image': { type: 'string', describe: 'image of the kind node', group: 'Installation' },
  'image-mirror': { type: 'string', describe: 'registry prefix that every image is taken from', group: 'Installation' },
  'preflight-profile': { type: 'string', describe: 'thresholds of the preflight checks', group: 'Installation' },
  check: {
    type: 'boolean',
    describe: 'with --status: exit 1 unless all critical steps are completed',
    group: 'Output',
    commandLineOnly: true,
  },
  watch: {
    type: 'boolean',
    describe: 'with --status: show it until the run ends',
    group: 'Output',
    commandLineOnly: true,
  },
} as const satisfies Record<string, Flag>;

export type ModeFlag = keyof typeof MODE_FLAGS;

function mode(describe: string): Flag {
  return { type: 'boolean', describe, group: 'Mode', commandLineOnly: true };
}
