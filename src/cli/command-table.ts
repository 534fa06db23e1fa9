import { DOWNLOAD_COMMANDS } from './download-flags.ts';
import { CLUSTER_FLAGS, type Flag, MODE_FLAGS, SHARED_FLAGS } from './flags.ts';
import { IMAGE_COMMANDS } from './image-flags.ts';
import { PACKAGE_COMMANDS } from './package-flags.ts';
import { RETRY_FLAGS, RETRY_KIND, RETRY_TARGET } from './retry-flags.ts';
import { WAIT_COMMANDS } from './wait-flags.ts';

export interface CommandSpec {
  /** As yargs takes it. */
  usage: string;
  describe: string;
  flags: Readonly<Record<string, Flag>>;
  /** One whose name stands with `..` in the usage takes several values. */
  positionals?: Readonly<Record<string, string>>;
  /** Takes a command behind `--`, which is called so in the help. */
  rest?: string;
  examples?: readonly (readonly [string, string])[];
}

const RUN_FLAGS = { ...SHARED_FLAGS };
const {
  cluster,
  json,
  yes,
  color,
  timeout,
  quiet,
  tenant,
  'dry-run': dryRun,
  'remote-write-url': remoteWriteUrl,
  'pushgateway-url': pushgatewayUrl,
} = SHARED_FLAGS;
const TELEMETRY_FLAGS = {
  cluster,
  'remote-write-url': remoteWriteUrl,
  'pushgateway-url': pushgatewayUrl,
  tenant,
  json,
  color,
};
const PLAN_NAME = { plan: 'name of the plan [default: create-cluster]' };
const { check, watch, provider, port } = CLUSTER_FLAGS;
const CHECKPOINT_PLAN = {
  type: 'string',
  describe: 'name that the checkpoints of one script share [default: checkpoints]',
  group: 'Installation',
} as const;
const CHECKPOINT_AGAIN = {
  type: 'boolean',
  describe: 'run it although it has succeeded before',
  group: 'Run',
} as const;
const PLAN = { plan: 'YAML file, module manifest, or directory of numbered scripts' };

/** `create-cluster`, which is `cluster create`. */
export const CREATE: CommandSpec = {
  usage: '$0',
  describe: 'bring up a local Kubernetes cluster with an observability stack',
  flags: { ...MODE_FLAGS, ...SHARED_FLAGS, ...CLUSTER_FLAGS },
  examples: [
    ['$0', 'install; run it again at any time'],
    ['$0 --resume', 'carry on where it stopped'],
    ['$0 --repair', 'verify everything and mend what broke'],
    ['$0 --status', 'what is done, what failed, what comes next'],
  ],
};

/**
 * Every command of contextcore-install; help, completion and the interface test are made from this table. A command of
 * two words stands in the group of its first.
 */
export const COMMANDS: Readonly<Record<string, CommandSpec>> = {
  run: {
    usage: 'run <plan>',
    describe: 'run your own plan',
    flags: { ...MODE_FLAGS, ...RUN_FLAGS, check, watch },
    positionals: PLAN,
  },
  resume: { usage: 'resume <plan>', describe: 'run --resume', flags: RUN_FLAGS, positionals: PLAN },
  repair: { usage: 'repair <plan>', describe: 'run --repair', flags: RUN_FLAGS, positionals: PLAN },
  status: {
    usage: 'status <plan>',
    describe: 'show the recorded state of a plan, offline',
    flags: { cluster, json, color, check, watch },
    positionals: PLAN,
  },
  reset: {
    usage: 'reset <plan>',
    describe: 'forget the recorded state, keeping a copy',
    flags: { ...TELEMETRY_FLAGS, yes },
    positionals: PLAN,
  },
  rollback: {
    usage: 'rollback <plan>',
    describe: 'take back what the plan made, newest first',
    flags: RUN_FLAGS,
    positionals: PLAN,
  },
  validate: {
    usage: 'validate <plan>',
    describe: 'check a plan without running it',
    flags: { json, color },
    positionals: PLAN,
  },
  unlock: {
    usage: 'unlock [plan]',
    describe: 'explain who holds the lock of an installation, and free it',
    flags: { cluster, json, yes, color, list: { type: 'boolean', describe: 'show all locks', group: 'Output' } },
    positionals: PLAN_NAME,
  },
  history: {
    usage: 'history [plan]',
    describe: 'the runs so far',
    flags: { cluster, json, color },
    positionals: PLAN_NAME,
  },
  'rebuild-state': {
    usage: 'rebuild-state',
    describe: 'rebuild a lost state from the metrics that its runs have sent',
    flags: {
      ...TELEMETRY_FLAGS,
      from: { type: 'string', describe: 'address of a Prometheus API [default: $CONTEXTCORE_QUERY_URL]', group: 'Run' },
      plan: { type: 'string', describe: 'name of the plan [default: create-cluster]', group: 'Installation' },
      provider,
      port,
      yes,
    },
  },
  retry: {
    usage: 'retry',
    describe: 'run a command again while that can help, with the policy, breakers and statistics of the installer',
    flags: { ...RETRY_FLAGS, kind: RETRY_KIND, target: RETRY_TARGET, quiet, color },
    rest: 'COMMAND...',
    examples: [['$0 retry --attempts 5 -- docker pull grafana/loki:3.7.8', 'exits as the command does']],
  },
  ...DOWNLOAD_COMMANDS,
  ...WAIT_COMMANDS,
  checkpoint: {
    usage: 'checkpoint <name>',
    describe: 'run a command once: when it has succeeded before, it is not run again',
    flags: { cluster, plan: CHECKPOINT_PLAN, again: CHECKPOINT_AGAIN, quiet, color },
    positionals: { name: 'of the checkpoint, unique in its plan' },
    rest: 'COMMAND...',
    examples: [['$0 checkpoint database -- ./setup-database.sh', 'a script may be run again from its start']],
  },
  'breaker list': {
    usage: 'list',
    describe: 'targets that fail, and those that are not asked for a while',
    flags: { json, color },
  },
  'breaker reset': {
    usage: 'reset <target>',
    describe: 'ask a target again at once',
    flags: { json, color },
    positionals: { target: 'as `breaker list` names it, such as registry:docker.io' },
  },
  ...IMAGE_COMMANDS,
  ...PACKAGE_COMMANDS,
  'telemetry status': {
    usage: 'status [plan]',
    describe: 'what waits to be delivered, and what became of the rest',
    flags: TELEMETRY_FLAGS,
    positionals: PLAN_NAME,
  },
  'telemetry flush': {
    usage: 'flush [plan]',
    describe: 'deliver what waits, now',
    flags: {
      ...TELEMETRY_FLAGS,
      timeout: { ...timeout, describe: 'limit of the delivery, such as 90s [default: 60s]' },
    },
    positionals: PLAN_NAME,
  },
  'dashboards push': {
    usage: 'push',
    describe: "put the dashboards into a Grafana (its token from $GRAFANA_TOKEN); somebody else's are left alone",
    flags: {
      url: { type: 'string', describe: 'address of Grafana', group: 'Run' },
      folder: { type: 'string', describe: 'folder for the dashboards [default: ContextCore]', group: 'Run' },
      'dry-run': { ...dryRun, describe: 'say what would be done' },
      json,
      color,
    },
  },
  'alerts push': {
    usage: 'push',
    describe: "load the alert rules into Mimir's ruler",
    flags: {
      url: { type: 'string', describe: 'address of Mimir, without /prometheus', group: 'Run' },
      tenant,
      'dry-run': { ...dryRun, describe: 'say what would be done' },
      json,
      color,
    },
  },
};

/** What a group of commands is about. */
export const GROUPS: Readonly<Record<string, string>> = {
  images: 'container images: checked, replaced when they are gone, mirrored',
  apt: 'Debian packages',
  npm: 'packages of npm',
  pip: 'Python packages',
  breaker: 'circuit breakers of registries, mirrors and other services',
  telemetry: 'metrics, traces and logs of runs that wait for their receivers',
  dashboards: 'dashboards of installations for any Grafana',
  alerts: 'alert rules on installations',
};
