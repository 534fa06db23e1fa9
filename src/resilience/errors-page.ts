import {
  CLASS_MEANINGS,
  ERROR_CLASSES,
  type ErrorClass,
  RETRYABLE_CLASSES,
  TRANSIENT_CLASSES,
} from '../errors/error-class.ts';
import { EVIDENCE, type Evidence } from '../errors/evidence.ts';
import { PROFILES, type RetryPolicy } from './policy.ts';

/** What happens besides, or what to do. */
const BESIDES: Readonly<Record<ErrorClass, string>> = {
  network_timeout: 'More attempts and longer delays than for other trouble.',
  network_reset: '',
  dns: '',
  tls: 'Check the clock, the name, and the authority (`NODE_EXTRA_CA_CERTS` behind a proxy that opens connections).',
  rate_limited: 'Waits as long as the server says in `Retry-After`.',
  server_error: 'Waits as long as the server says in `Retry-After`.',
  not_found: 'Another source or image of a fallback list is tried, where there is one.',
  unauthorized: 'Log in, or get the right.',
  checksum: 'The content is thrown away, never used.',
  disk_full: 'Make room and run the same command again.',
  lock_held: 'Waits, and says who holds the lock where the program tells.',
  broken_state: 'Kinds of steps that know a repair (apt, npm, pip) make it between two attempts.',
  not_runnable: 'Install the program, or correct the command.',
  cancelled: '',
  unknown: 'Read the log: its last lines are in the error.',
};

/** docs/errors.md, from the classes, the policy and the table of evidence. */
export function renderErrorsPage(): string {
  const rows = <Key extends string>(key: Key) =>
    EVIDENCE.filter((row) => key in row) as Extract<Evidence, Record<Key, unknown>>[];
  return `# Classes of errors

Generated from \`src/errors/error-class.ts\`, \`src/errors/evidence.ts\` and \`src/resilience/policy.ts\` by \`npm run errors\`; change it there.

The class of a failure decides whether it is tried again, how often and how patiently. It is told by evidence alone: the
code of an error, the status of an HTTP answer, the words in a program's output, its exit code. What nothing tells is
\`unknown\`. The numbers below are those of the profile \`install\`; delays are ceilings, doubled each time, with full jitter.
Wrong usage is \`not_runnable\`: never tried again.

${table(
  ['class', 'meaning', 'tried again', 'besides'],
  ERROR_CLASSES.map((name) => [`\`${name}\``, CLASS_MEANINGS[name], retriesOf(name), BESIDES[name]]),
)}

*Where asked for*: by \`contextcore-install retry\`, and by steps of a plan that say \`attempts\` or \`retry_on\`.

## Evidence

The first row that fits decides; words of the output come before exit codes, which say less. The words are those of
\`LC_ALL=C\`: a translated message says nothing. Each row is exercised by captured output of the real program
(\`test/errors/captured\`), and a test fails when one is dropped; \`scripts/capture-evidence.ts\` captures them anew.

### Codes of errors

Of the system, Node.js, OpenSSL, undici and npm, from an error or from the output of a program that names one.

${table(
  ['code', 'class', 'note'],
  rows('code').map(({ code, syscall, class: name, note = '' }) => [
    `${shown(code)}${syscall === undefined ? '' : ` of ${shown(syscall)}`}`,
    `\`${name}\``,
    note,
  ]),
)}

### Status of HTTP answers

${table(
  ['status', 'class', 'note'],
  rows('status').map(({ status, class: name, note = '' }) => [
    typeof status === 'number' ? String(status) : status.join(' to '),
    `\`${name}\``,
    note,
  ]),
)}

### Words in the output

In this order. Where no class stands, the words name a status, a code or an exit code, which has its own row.

${table(
  ['program', 'words (regular expression)', 'class', 'note'],
  rows('output').map((row) => [
    row.program ?? 'any',
    shown(row.output),
    'class' in row ? `\`${row.class}\`` : `of the ${row.names}${row.names === 'exit' ? ' code' : ''}`,
    row.note ?? '',
  ]),
)}

### Exit codes

${table(
  ['program', 'exit code', 'class', 'note'],
  rows('exit').map(({ program = 'any', exit, class: name, note = '' }) => [program, String(exit), `\`${name}\``, note]),
)}
`;
}

function retriesOf(name: ErrorClass): string {
  const base: RetryPolicy = PROFILES.install;
  const { attempts, delayMs, maxDelayMs } = { ...base, ...base.adapt?.[name] };
  const delays = maxDelayMs === 0 ? 'at once' : `${delayMs / 1000} s to ${maxDelayMs / 1000} s`;
  if (TRANSIENT_CLASSES.includes(name)) return `${attempts} attempts, ${delays}`;
  return RETRYABLE_CLASSES.includes(name) ? `where asked for: ${attempts} attempts, ${delays}` : 'no';
}

/** As code; a bar would end the cell. */
function shown(value: string | RegExp): string {
  return `\`${String(value).replaceAll('|', '\\|')}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
