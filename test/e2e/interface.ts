/** Every name that users and their scripts rely on. Whatever breaks one of them is a breaking change. */

export const PROGRAMS = ['create-cluster', 'contextcore-install'] as const;

/** Modes and forms of the first program. */
const CREATE_CLUSTER = [
  'create-cluster (install)',
  'create-cluster (again)',
  'create-cluster --resume',
  'create-cluster --repair',
  'create-cluster --reset',
  'create-cluster --status',
  'create-cluster --dry-run',
  'create-cluster --delete',
] as const;

/** Commands of the second program. */
const CONTEXTCORE_INSTALL = [
  'cluster create',
  'run',
  'resume',
  'repair',
  'status',
  'reset',
  'rollback',
  'validate',
  'rebuild-state',
  'telemetry status',
  'telemetry flush',
  'dashboards push',
  'alerts push',
  'retry',
  'apt install',
  'npm install',
  'pip install',
  'download',
  'wait',
  'images check',
  'images fix',
  'images mirror',
  'breaker list',
  'breaker reset',
  'checkpoint',
  'unlock',
  'unlock --list',
  'history',
  'serve',
  'doctor',
  'support-bundle',
  'completion',
] as const;

/** What a plan may be. */
const PLANS = ['plan: YAML file', 'plan: numbered scripts', 'plan: module manifest'] as const;

const FLAGS = [
  '--resume',
  '--repair',
  '--reset',
  '--status',
  '--delete',
  '--dry-run',
  '--check',
  '--watch',
  '--accept-changes',
  '--cluster',
  '--provider',
  '--components',
  '--without',
  '--port',
  '--node-image',
  '--image-mirror',
  '--only',
  '--from',
  '--timeout',
  '--secret',
  '--preflight-profile',
  '--yes',
  '--json',
  '--quiet',
  '--verbose',
  '--no-color',
  '--config',
  '--remote-write-url',
  '--pushgateway-url',
  '--tenant',
  '--otlp-file',
  '--version',
  '--help',
] as const;

/** Flags of single commands. */
const OWN_FLAGS = [
  'rebuild-state --from',
  'retry --attempts',
  'retry --delay',
  'retry --max',
  'retry --timeout',
  'retry --kind',
  'download --output',
  'download --sha256',
  'images --json',
  'images fix --allow',
  'images fix --revert',
  'images mirror --to',
] as const;

const VARIABLES = [
  'CONTEXTCORE_HOME',
  'CONTEXTCORE_REMOTE_WRITE_URL',
  'CONTEXTCORE_PUSHGATEWAY_URL',
  'CONTEXTCORE_QUERY_URL',
  'CONTEXTCORE_TENANT',
  'OTEL_EXPORTER_OTLP_*',
  'OTEL_SDK_DISABLED',
  'TRACEPARENT',
  'NO_COLOR',
  'CI',
  'GITHUB_STEP_SUMMARY',
  'KUBECONFIG',
  'HTTPS_PROXY',
  'NO_PROXY',
] as const;

const EXITS = [
  'exit 0',
  'exit 1',
  'exit 2',
  'exit 3',
  'exit 4',
  'exit 5',
  'exit 6',
  'exit 7',
  'exit 130',
  'exit 143',
] as const;

export const INTERFACE = [
  ...PROGRAMS,
  ...CREATE_CLUSTER,
  ...CONTEXTCORE_INSTALL,
  ...PLANS,
  ...FLAGS,
  ...OWN_FLAGS,
  ...VARIABLES,
  ...EXITS,
] as const;

export type InterfaceName = (typeof INTERFACE)[number];

/** Names that nothing serves yet, and why. An entry must go when the thing has come. */
export const OWED: Partial<Record<InterfaceName, string>> = {
  serve: 'comes with diagnostics',
  doctor: 'comes with diagnostics',
  'support-bundle': 'comes with diagnostics',
};

/** Put into the title of an end-to-end test: the names that it would find broken. Read from the sources, so literals only. */
export function covers(...names: readonly InterfaceName[]): string {
  return `[${names.join(', ')}]`;
}
