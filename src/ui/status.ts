import type { RunFields, StepRecord } from '../engine/record.ts';
import { formatAgo, formatDuration } from './format-time.ts';
import { type CommandTarget, commandFor } from './next-command.ts';
import { createPaint, type Paint } from './paint.ts';
import { stepTable } from './step-table.ts';
import { cleanLine } from './text.ts';

/** The state document as far as it is shown. */
export interface StatusDocument extends RunFields {
  version: string;
  cluster_name: string;
  updated_at?: string;
  plan_path?: string;
  steps: Record<string, StepRecord>;
}

/** The run that holds the installation now. */
export interface LockHolder {
  pid: number;
  host: string;
  /** UTC, ISO 8601. */
  since: string;
}

export interface Endpoint {
  name: string;
  url: string;
}

export interface StatusOptions {
  /** Milliseconds since the epoch. */
  now: number;
  color: boolean;
  /** Width of the terminal; absent when the output is no terminal: nothing is cut then. */
  columns?: number;
  endpoints?: readonly Endpoint[];
  /** Absent when nobody is at work on it. */
  lock?: LockHolder | undefined;
}

export type Standing = 'complete' | 'running' | 'failed' | 'interrupted' | 'incomplete';

/** How an installation stands, from its record and its lock alone. */
export function standingOf(document: StatusDocument, lock: LockHolder | undefined): Standing {
  const statuses = Object.values(document.steps)
    .filter(({ severity }) => severity !== 'optional')
    .map(({ status }) => status);
  if (lock !== undefined) return 'running';
  if (statuses.length > 0 && statuses.every((status) => status === 'completed' || status === 'skipped')) {
    return 'complete';
  }
  if (statuses.includes('failed')) return 'failed';
  return statuses.includes('in_progress') || document.last_run?.result === 'running' ? 'interrupted' : 'incomplete';
}

/**
 * The answer of `--status`, readable at a glance.
 *
 * Imports nothing but small files of this folder, for it must not take longer than starting Node does.
 *
 * @returns lines without a newline at the end
 */
export function renderStatus(document: StatusDocument, options: StatusOptions): string {
  const { now, endpoints = [], lock, columns = Number.POSITIVE_INFINITY } = options;
  const paint = createPaint(options.color);
  const standing = standingOf(document, lock);
  const { cluster_name: cluster, plan = 'create-cluster', provider, last_run: last } = document;
  const kind = [plan, provider].filter((part) => part !== undefined).join(', ');
  const lines = [
    `${paint.strong(cleanLine(cluster))} ${paint.dim(cleanLine(`(${kind})`))}`,
    headline(document, standing, paint),
  ];
  if (lock !== undefined)
    lines.push(`at work   pid ${lock.pid} on ${cleanLine(lock.host)}, since ${sinceOf(lock.since, now)}`);
  if (last !== undefined) lines.push(paint.dim(`last run  ${describeRun(last, now)}`));
  const steps = stepTable(document.steps, { now, paint, columns, running: lock !== undefined });
  if (steps.length > 0) lines.push('', ...steps);
  if (endpoints.length > 0) lines.push('', ...endpointLines(endpoints));
  const next = nextLine(standing, { cluster, plan, planPath: document.plan_path });
  if (next !== undefined) lines.push('', `${paint.attention('next')}  ${next}`);
  return lines.join('\n');
}

/** The answer of `--status --json`: the document itself, with what is known besides. */
export function statusJson(
  document: StatusDocument,
  { lock, endpoints = [] }: Pick<StatusOptions, 'lock' | 'endpoints'>,
): Record<string, unknown> {
  return { ...document, standing: standingOf(document, lock), lock: lock ?? null, endpoints };
}

/** Addresses below each other, uncut. */
export function endpointLines(endpoints: readonly Endpoint[]): string[] {
  const widest = endpoints.reduce((width, { name }) => Math.max(width, name.length), 0);
  return endpoints.map(({ name, url }) => `  ${cleanLine(name).padEnd(widest)}  ${cleanLine(url)}`);
}

function headline({ steps }: StatusDocument, standing: Standing, paint: Paint): string {
  const entries = Object.entries(steps);
  const done = entries.filter(([, { status }]) => status === 'completed' || status === 'skipped').length;
  const count = `${done} of ${entries.length} steps done`;
  const at = (status: string): string => {
    const id = entries.find(([, record]) => record.status === status)?.[0];
    return id === undefined ? '' : ` at ${cleanLine(id)}`;
  };
  if (standing === 'complete') return `${paint.done('✓ complete')}: ${count}`;
  if (standing === 'failed') return `${paint.failed(`✗ failed${at('failed')}`)}: ${count}`;
  if (standing === 'running') return `${paint.attention(`• running${at('in_progress')}`)}: ${count}`;
  if (standing === 'interrupted') return `${paint.attention(`! interrupted${at('in_progress')}`)}: ${count}`;
  return `${paint.dim('· not complete')}: ${count}`;
}

function describeRun(last: NonNullable<RunFields['last_run']>, now: number): string {
  const { mode, result, started_at: started, ended_at: ended } = last;
  const took = ended === undefined ? undefined : Date.parse(ended) - Date.parse(started);
  const parts = [
    mode,
    result === 'running' ? undefined : result,
    took === undefined ? undefined : formatDuration(took),
  ];
  return [...parts, sinceOf(ended ?? started, now)].filter((part) => part !== undefined).join(', ');
}

function sinceOf(time: string, now: number): string {
  const at = Date.parse(time);
  return Number.isNaN(at) ? 'an unknown time' : formatAgo(now - at);
}

function nextLine(standing: Standing, target: CommandTarget): string | undefined {
  if (standing === 'running') return undefined;
  if (standing === 'complete') return `${commandFor('repair', target)}  verifies everything and mends what broke`;
  return commandFor('resume', target);
}
