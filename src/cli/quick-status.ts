import { DEFAULT_CLUSTER } from '../engine/plan.ts';
import { InstallerError } from '../errors/installer-error.ts';
import { formatError } from '../ui/error.ts';
import { homeOf, wantsColor } from './environment.ts';
import { reportStatus, type StatusReport } from './status-report.ts';
import { EXIT_LOST, findTerminal, writeNow } from './write-now.ts';

/**
 * `create-cluster --status` in its common forms, without the command line's machinery.
 *
 * @returns the exit code; undefined when the arguments hold anything else, which the full command line must judge
 */
export function quickStatus(argv: readonly string[]): number | undefined {
  let cluster = DEFAULT_CLUSTER;
  const seen = new Set<string>();
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (word === '--cluster' && !seen.has(word)) cluster = argv[++index] ?? '';
    else if (!QUICK_FLAGS.has(word)) return undefined;
    seen.add(word);
  }
  if (!/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(cluster)) return undefined;
  const { env } = process;
  const terminal = findTerminal(1);
  const color = wantsColor(seen.has('--no-color') ? false : undefined, env, terminal !== undefined);
  let report: StatusReport;
  try {
    report = reportStatus({
      home: homeOf(env),
      cluster,
      plan: 'create-cluster',
      json: seen.has('--json'),
      check: seen.has('--check'),
      color,
      ...(terminal === undefined ? {} : { columns: terminal.columns }),
    });
  } catch (thrown) {
    if (!(thrown instanceof InstallerError)) throw thrown;
    writeNow(2, `${formatError(thrown, { color, columns: findTerminal(2)?.columns ?? Number.POSITIVE_INFINITY })}\n`);
    return thrown.exitCode;
  }
  const isTold = writeNow(1, report.stdout);
  writeNow(2, report.stderr);
  return isTold ? report.exitCode : report.exitCode || EXIT_LOST;
}

const QUICK_FLAGS = new Set(['--status', '--json', '--check', '--no-color']);
