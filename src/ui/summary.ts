import { type CommandTarget, commandFor } from './next-command.ts';
import { createPaint } from './paint.ts';
import { type Endpoint, endpointLines, type StatusDocument } from './status.ts';
import { stepTable } from './step-table.ts';

export interface SummaryOptions {
  color: boolean;
  columns: number;
  endpoints: readonly Endpoint[];
  /** With every step's duration and attempts, from the document. */
  steps?: StatusDocument['steps'];
  /** Milliseconds since the epoch. */
  now: number;
}

/** What is worth knowing at the end of a good run: addresses, and the commands for later. */
export function renderSummary(target: CommandTarget, options: SummaryOptions): string {
  const { endpoints, steps, now, columns } = options;
  const paint = createPaint(options.color);
  const later = [
    [commandFor('status', target), 'shows how it stands'],
    [commandFor('repair', target), 'verifies everything and mends what broke'],
    [commandFor('delete', target), 'takes back what was made'],
  ] as const;
  const widest = Math.max(...later.map(([command]) => command.length));
  const lines: string[] = [];
  if (steps !== undefined) lines.push(...stepTable(steps, { now, paint, columns, running: false }), '');
  if (endpoints.length > 0) lines.push(...endpointLines(endpoints), '');
  for (const [command, what] of later) lines.push(`  ${command.padEnd(widest)}  ${paint.dim(what)}`);
  return lines.join('\n');
}
