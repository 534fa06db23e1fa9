import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StateDocument } from '../../src/state/document.ts';
import { decodeJournal } from '../../src/state/journal.ts';
import { METRICS, STEP_STATUS_VALUES } from '../../src/telemetry/names.ts';
import { queryRawSamples, type RawSeries } from '../../src/telemetry/read-back/prometheus-api.ts';
import type { Ended, Ground } from '../support/cli.ts';
import { writeFile } from '../support/cli-files.ts';

export const PLAN = 'told';

/** Value and time (milliseconds) of each transition, by step. */
export type Transitions = Record<string, (readonly [at: number, value: number])[]>;

/** A plan of steps that need each other in a row, each running a command. */
export function writePlan(
  ground: Ground,
  commands: readonly string[],
  head = '',
  idOf = (number: number) => `s${number}`,
): string {
  const steps = commands.map((run, index) => `  - id: ${idOf(index + 1)}\n    run: ${JSON.stringify(run)}\n`);
  return writeFile(ground.folder, 'told.yaml', `name: ${PLAN}\n${head}steps:\n${steps.join('')}`);
}

/** Whose state is looked at. */
export interface Place {
  home: string;
  cluster: string;
  plan: string;
}

export function placeOf(ground: Ground, cluster: string): Place {
  return { home: ground.home, cluster, plan: PLAN };
}

export function stateFolder({ home, cluster, plan }: Place): string {
  return join(home, 'state', cluster, plan);
}

/** Every status that the journal has recorded, in order. */
export function readTransitions(place: Place): Transitions {
  const { base, changes } = decodeJournal(readFileSync(join(stateFolder(place), 'install-state.journal')));
  const all: Transitions = {};
  const add = (step: string, at: string | undefined, status: unknown) => {
    const value = STEP_STATUS_VALUES[status as keyof typeof STEP_STATUS_VALUES];
    if (value !== undefined) all[step] = [...(all[step] ?? []), [Date.parse(at ?? ''), value]];
  };
  for (const [step, { status, updated_at: at }] of Object.entries(base?.steps ?? {})) add(step, at, status);
  for (const { change } of changes) {
    for (const [step, { status }] of Object.entries(change.steps ?? {})) add(step, change.at, status);
  }
  return all;
}

/** The statuses as the document has them, of steps that ran once: pending, started, ended. */
export function readDocumentTransitions(place: Place): Transitions {
  const document = JSON.parse(readFileSync(join(stateFolder(place), 'install-state.json'), 'utf8')) as StateDocument;
  const ms = (time: string | undefined) => Date.parse(time ?? '');
  return Object.fromEntries(
    Object.entries(document.steps).map(([step, { started_at, completed_at }]) => [
      step,
      [
        [ms(document.last_run?.started_at), 0],
        [ms(started_at), 1],
        [ms(completed_at), 2],
      ] as const,
    ]),
  ) as Transitions;
}

/** All stored samples of the installer's own metrics. @param api address up to and without `/api/v1` */
export async function readStored(
  api: string,
  headers: Record<string, string>,
  cluster: string,
): Promise<readonly RawSeries[]> {
  const query = `{__name__=~"contextcore_install_.+",cluster="${cluster}"}[10d]`;
  return await queryRawSamples({ url: api, headers }, query, { env: {}, timeoutMs: 20_000, now: Date.now() });
}

/** Stored statuses, by step; a value that only repeats the one before is left out. */
export function statusesIn(series: readonly RawSeries[], plan = PLAN): Transitions {
  const found = series.filter(({ labels }) => labels.__name__ === METRICS.stepStatus.name && labels.plan === plan);
  return Object.fromEntries(
    found.map(({ labels, samples }) => [
      labels.step ?? '',
      samples
        .filter(({ value }, index) => value !== samples[index - 1]?.value)
        .map(({ timestamp, value }) => [timestamp, value] as const),
    ]),
  );
}

export function valuesOf(series: readonly RawSeries[], name: string, labels: Record<string, string> = {}): number[] {
  const found = series.filter(
    (one) =>
      one.labels.__name__ === name &&
      Object.entries({ plan: PLAN, ...labels }).every(([key, value]) => one.labels[key] === value),
  );
  return found.flatMap(({ samples }) => samples.map(({ value }) => value));
}

/** As {@link valuesOf}, each once until it changes: what stands is told again each minute. */
export function changesOf(series: readonly RawSeries[], name: string, labels: Record<string, string> = {}): number[] {
  return valuesOf(series, name, labels).filter((value, index, all) => value !== all[index - 1]);
}

interface SpoolStatus {
  items: number;
  delivered: number;
  rejected: number;
  expired: number;
  rejection?: string;
  last_try?: { ok: boolean; reason?: string };
}

/** What `telemetry status --json` says of the samples. */
export async function samplesStatus(
  ground: Ground,
  env: Record<string, string>,
  cluster: string,
): Promise<SpoolStatus> {
  const { stdout } = await ground.install(['telemetry', 'status', PLAN, '--json', '--cluster', cluster], { env });
  return (JSON.parse(stdout) as { spool: { samples: SpoolStatus } }).spool.samples;
}

export async function flush(ground: Ground, env: Record<string, string>, ...args: string[]): Promise<Ended> {
  return await ground.install(['telemetry', 'flush', PLAN, ...args], { env });
}

/** What telling and reading back a step must keep. */
interface Times {
  status: string;
  started_at?: string;
  completed_at?: string;
  attempts?: number;
}

/** The same of every step of a state file. */
export function timesOf({ steps }: { steps: Record<string, unknown> }): Record<string, Times> {
  return Object.fromEntries(
    Object.entries(steps).map(([id, step]) => {
      const { status, started_at, completed_at, attempts } = step as Times;
      return [id, { status, started_at, completed_at, attempts } as Times];
    }),
  );
}
