import { InstallerError } from '../../errors/installer-error.ts';
import { BREAKER_PREFIX } from '../../resilience/breaker.ts';
import { asBreakerRecord, type BreakerRecord, breakerState } from '../../resilience/breaker-record.ts';
import { createDiskStore, sharedFolder } from '../../state/shared-store.ts';
import { formatDuration } from '../../ui/format-time.ts';
import { nearest } from '../../ui/nearest.ts';
import type { Invocation } from '../program.ts';
import type { Terminal } from '../terminal.ts';

/** `breaker list`: every target that failed lately. @returns exit code */
export async function breakerList({ flags }: Invocation, terminal: Terminal): Promise<number> {
  const rows = readBreakers(terminal);
  if (flags.json === true) {
    terminal.stdout.write(`${JSON.stringify(rows)}\n`);
    return 0;
  }
  if (rows.length === 0) terminal.stderr.write('no target has failed lately\n');
  const widest = Math.max(...rows.map(({ target }) => target.length));
  for (const { target, state, calls, failed, until, message } of rows) {
    const time =
      until === undefined ? '' : `, asked again in ${formatDuration(Math.max(0, Date.parse(until) - Date.now()))}`;
    const last = message === undefined ? '' : `: ${message}`;
    const counted = calls === 0 ? '' : `${failed} of ${calls} calls failed`;
    terminal.stdout.write(`${target.padEnd(widest)}  ${state.padEnd(9)}  ${counted}${time}${last}\n`);
  }
  return 0;
}

/** `breaker reset TARGET`. @throws InstallerError `usage` for a target that has none */
export async function breakerReset({ args, flags }: Invocation, terminal: Terminal): Promise<number> {
  const target = args.target ?? '';
  const store = createDiskStore(sharedFolder(terminal.home));
  const known = readBreakers(terminal).map((row) => row.target);
  if (!known.includes(target)) {
    // `retry --target NAME` is known as command:NAME.
    const near = known.find((name) => name.endsWith(`:${target}`)) ?? nearest(target, known);
    throw new InstallerError('usage', `no breaker of a target "${target}"`, {
      hint: near === undefined ? 'contextcore-install breaker list names those there are' : `did you mean ${near}?`,
    });
  }
  await store.update(BREAKER_PREFIX + target, () => ({ next: undefined, result: undefined }));
  if (flags.json === true) terminal.stdout.write(`${JSON.stringify({ target, state: 'closed' })}\n`);
  else terminal.stderr.write(`${target} is asked again at once\n`);
  return 0;
}

interface Row {
  target: string;
  state: string;
  /** Of the last minute. */
  calls: number;
  failed: number;
  until?: string;
  class?: string;
  message?: string;
}

function readBreakers({ home }: Terminal): readonly Row[] {
  const store = createDiskStore(sharedFolder(home));
  return store
    .list()
    .filter((id) => id.startsWith(BREAKER_PREFIX))
    .map((id) => rowOf(id.slice(BREAKER_PREFIX.length), asBreakerRecord(store.read(id))));
}

function rowOf(target: string, record: BreakerRecord): Row {
  const { calls, open } = record;
  return {
    target,
    state: breakerState(record, Date.now()).replace('_', '-'),
    calls: calls.length,
    failed: calls.filter(([, failed]) => failed).length,
    ...(open === undefined
      ? {}
      : { until: new Date(open.until).toISOString(), class: open.class, message: open.message }),
  };
}
