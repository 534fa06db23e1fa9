import { join } from 'node:path';
import { runChild } from './child.ts';
import type { Candidate } from './measure.ts';
import { root, type Workspace } from './workspace.ts';

export const FLOOR = 'node spawn loop';
export const EXECA = 'execa loop';
export const ENGINE = 'this engine';
export const TRACED = 'this engine, traced and spooled';
/** As it is built for its users. */
const OTEL = join(root, 'dist/cli/create-otel.cjs');

export type Shape = 'chain' | 'wide';

/** Where a traced run sends what it tells. */
export interface Tracing {
  endpoint: string;
}

/** Node.js that starts as many children and does nothing else; the whole program's wall time. */
export function spawnLoop(workspace: Workspace, steps: number, concurrency = 1): Candidate {
  return {
    name: concurrency === 1 ? FLOOR : `${FLOOR}, ${concurrency} at once`,
    run: async () =>
      (await runChild(process.execPath, workspace.fixture('spawn-loop', steps, concurrency), workspace)).ms,
  };
}

/** A plan of as many steps in the real engine with its durable state; the whole program's wall time. */
export function engine(workspace: Workspace, steps: number, shape: Shape, trace?: Tracing): Candidate {
  return {
    name: trace === undefined ? ENGINE : TRACED,
    run: async () => (await runChild(process.execPath, engineArgs(workspace, steps, shape, trace), workspace)).ms,
  };
}

export function execaLoop(workspace: Workspace, steps: number): Candidate {
  return {
    name: EXECA,
    run: async () => (await runChild(process.execPath, workspace.fixture('execa-loop', steps), workspace)).ms,
  };
}

export function engineArgs(workspace: Workspace, steps: number, shape: Shape, trace?: Tracing): string[] {
  const tracing = trace === undefined ? [] : [trace.endpoint, OTEL];
  // As the launchers start the product.
  return [
    '--max-semi-space-size=1',
    ...workspace.fixture('run-engine', shape, steps, workspace.makeFolder(), ...tracing),
  ];
}
