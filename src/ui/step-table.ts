import type { StepRecord } from '../engine/record.ts';
import { formatAgo, formatDuration, formatElapsed } from './format-time.ts';
import type { Paint } from './paint.ts';
import { cleanLine, padTo, truncate, widthOf } from './text.ts';

export interface TableOptions {
  /** Milliseconds since the epoch. */
  now: number;
  paint: Paint;
  /** Width of the terminal; infinite when nobody looks. */
  columns: number;
  /** Somebody is at work on it now, so that `in_progress` means running. */
  running: boolean;
}

const WIDEST_ID = 32;

/** Recorded steps as lines: symbol, id, duration, attempts, when; below a failed one why, and where its log is. */
export function stepTable(steps: Readonly<Record<string, StepRecord>>, options: TableOptions): string[] {
  const { now, columns, paint } = options;
  const rows = Object.entries(steps).map(([id, record]) => ({
    id: truncate(cleanLine(id), WIDEST_ID),
    record,
    times: timesOf(record, options),
    tries: (record.attempts ?? 0) > 1 ? `${record.attempts} attempts` : '',
    when: whenOf(record, now),
  }));
  const widest = (of: (row: (typeof rows)[number]) => string): number =>
    rows.reduce((width, row) => Math.max(width, widthOf(of(row))), 0);
  const widths = [widest((row) => row.id), widest((row) => row.times), widest((row) => row.tries)] as const;
  return rows.flatMap(({ id, record, times, tries, when }) => {
    const waits = record.status === 'pending' || record.status === 'skipped';
    const cells = [padTo(times, widths[1]), ...(widths[2] > 0 ? [padTo(tries, widths[2])] : []), when];
    const rest = truncate(`  ${cells.join('  ')}`.trimEnd(), columns - 5 - widths[0]);
    const name = padTo(id, widths[0]);
    return [
      `  ${symbolOf(record, options)} ${waits ? paint.dim(name) : name}${paint.dim(rest)}`.trimEnd(),
      ...errorLines(record, paint, columns),
    ];
  });
}

function errorLines({ status, error }: StepRecord, paint: Paint, columns: number): string[] {
  if (error === undefined || status === 'completed' || status === 'skipped' || status === 'pending') return [];
  const color = status === 'failed' ? paint.failed : paint.attention;
  const lines = [`      ${color(truncate(cleanLine(String(error.message)), columns * 2))}`];
  // Never cut: it is there to be copied.
  if (typeof error.log === 'string') lines.push(paint.dim(`      log ${cleanLine(error.log)}`));
  return lines;
}

function symbolOf({ status }: StepRecord, { paint, running }: TableOptions): string {
  if (status === 'completed') return paint.done('✓');
  if (status === 'failed') return paint.failed('✗');
  if (status === 'in_progress') return paint.attention(running ? '•' : '!');
  return paint.dim(status === 'skipped' ? '-' : '·');
}

function timesOf(record: StepRecord, { now, running }: TableOptions): string {
  const { status, duration_ms: took, started_at: started } = record;
  if (status === 'pending' || status === 'skipped') return status;
  if (status === 'in_progress') {
    const since = started === undefined ? Number.NaN : Date.parse(started);
    return running ? `running ${formatElapsed(now - since)}` : 'interrupted';
  }
  return took === undefined ? status : formatDuration(took);
}

function whenOf({ status, completed_at: completed, updated_at: updated }: StepRecord, now: number): string {
  const at = Date.parse((status === 'completed' ? completed : undefined) ?? updated ?? '');
  return status === 'pending' || Number.isNaN(at) ? '' : formatAgo(now - at);
}
