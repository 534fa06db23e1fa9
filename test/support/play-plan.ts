import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineEvent } from '../../src/engine/events.ts';
import type { StepRecord } from '../../src/engine/record.ts';
import { rollBack } from '../../src/engine/roll-back.ts';
import { runPlan } from '../../src/engine/run-plan.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import type { InstallerError } from '../../src/errors/installer-error.ts';
import { loadPlan } from '../../src/plans/user/load-plan.ts';
import { makeEnginePorts, type PortsOptions } from './step-context.ts';
import { makeTempFolder } from './temp-folder.ts';

export interface PlayedPlan {
  /** Of the plan. */
  folder: string;
  error: InstallerError | undefined;
  steps: ReadonlyMap<string, StepRecord>;
  events: readonly EngineEvent[];
  /** Attempts at services that failed or succeeded, as `class` or `ok`. */
  tried: readonly string[];
  /** What the logs of all steps hold. */
  log: string;
}

export interface PlayOptions extends PortsOptions {
  folder?: string;
  secrets?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** `rollback`: takes back what the given steps have made. */
  mode?: 'run' | 'resume' | 'repair' | 'rollback';
  /** Of the jitter. Default: no pause between attempts. */
  random?: () => number;
}

/** Runs a plan as users write it, on the real engine with real children and no pause between attempts. */
export async function playPlan(text: string, options: PlayOptions = {}): Promise<PlayedPlan> {
  const folder = options.folder ?? (await makeTempFolder());
  const path = join(folder, 'plan.yaml');
  await writeFile(path, text);
  const { plan } = await loadPlan(path);
  const ports = await makeEnginePorts(options);
  const logs = new Set<string>();
  const open = (step: string, attempt: number): string => {
    const log = ports.logs.open(step, attempt);
    logs.add(log);
    return log;
  };
  const secrets = createSecrets(options.secrets ?? {});
  const signal = options.signal ?? new AbortController().signal;
  const { mode = 'run', random = ports.random } = options;
  const played = { ...ports, random, secrets, logs: { ...ports.logs, open } };
  const error =
    mode === 'rollback'
      ? await rollBack(plan, played, { runId: 'test', signal })
      : (await runPlan(plan, played, { mode, runId: 'test', signal })).error;
  const tails = [...logs].flatMap((log) => ports.logs.tail(log, 1000));
  return {
    folder,
    error,
    steps: ports.steps,
    events: ports.events,
    tried: ports.events.flatMap((event) => (event.type === 'target_tried' ? [event.class ?? 'ok'] : [])),
    log: tails.join('\n'),
  };
}
