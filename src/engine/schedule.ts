import type { DeclaredStep } from './declare-steps.ts';
import { createReadyQueue } from './ready-queue.ts';
import { isDone, type StepStatus } from './record.ts';
import type { StepOutcome } from './step-recording.ts';

export interface Schedule {
  /** Steps that may run at the same time. */
  concurrency: number;
  /** No further step is started once this is true. */
  stopped(): boolean;
  /**
   * Runs a step; calls `settle` synchronously when its outcome is known, possibly before the promise resolves.
   * A rejection ends the schedule: no step is started any more and the rejection is passed on.
   */
  run(step: DeclaredStep, settle: (outcome: StepOutcome) => void): Promise<void>;
  /** A step that did not run because of what it needs, or because the schedule was stopped; told at the end. */
  block(step: DeclaredStep, reason: string): void;
}

interface Node {
  declared: DeclaredStep;
  /** Place in the order given. */
  rank: number;
  /** Needs that have not ended yet. */
  waiting: number;
  dependants: Node[];
  /** The first of its needs that is not done. */
  blockedBy: string | undefined;
}

/**
 * Runs steps as soon as what they need is done, in the order given where several could run.
 * What needs a failed critical step is blocked; a failed optional step holds nobody up; running steps are let finish.
 * No recursion, and next to constant work per step and need.
 *
 * @param steps in an order in which each stands after what it needs
 */
export async function runSchedule(steps: readonly DeclaredStep[], schedule: Schedule): Promise<void> {
  const nodes = new Map<string, Node>();
  const ready = createReadyQueue<Node>();
  const blocked: { node: Node; reason: string }[] = [];
  let running = 0;
  let failure: { thrown: unknown } | undefined;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });

  steps.forEach((declared, rank) => {
    const needs = declared.step.needs ?? [];
    const node: Node = { declared, rank, waiting: needs.length, dependants: [], blockedBy: undefined };
    nodes.set(declared.step.id, node);
    for (const need of needs) nodes.get(need.id)?.dependants.push(node);
    if (needs.length === 0) ready.add(rank, node);
  });

  function release(finished: Node, status: StepStatus): void {
    // A list, not recursion: ten thousand steps may hang on one failure.
    const open = [{ from: finished, holdsUp: holdsUp(finished, status) }];
    for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
      for (const node of entry.from.dependants) {
        if (entry.holdsUp) node.blockedBy ??= entry.from.declared.step.id;
        node.waiting -= 1;
        if (node.waiting > 0) continue;
        if (node.blockedBy === undefined) ready.add(node.rank, node);
        else {
          blocked.push({ node, reason: `needs ${node.blockedBy}, which is not done` });
          open.push({ from: node, holdsUp: holdsUp(node, 'pending') });
        }
      }
    }
  }

  let unresolved = 0;
  let launching = false;
  const canStart = () =>
    running < schedule.concurrency && ready.size > 0 && failure === undefined && !schedule.stopped();

  /** A step may settle before it yields: the flag keeps this a loop where it would else be a recursion. */
  function launch(): void {
    if (launching) return;
    launching = true;
    while (canStart()) start(ready.takeFirst() as Node);
    launching = false;
  }

  function start(node: Node): void {
    running += 1;
    unresolved += 1;
    let settled = false;
    const settle = (outcome: StepOutcome): void => {
      if (settled) return;
      settled = true;
      running -= 1;
      release(node, outcome.status);
      // In this very tick, so that the next steps' intents are written together with this step's result.
      launch();
    };
    schedule
      .run(node.declared, settle)
      .catch((thrown) => {
        failure ??= { thrown };
        settle({ status: 'failed', action: 'none' });
      })
      .finally(() => {
        unresolved -= 1;
        if (unresolved === 0) end();
      });
  }

  launch();
  // An outcome is known before its record is durable, so the end is when every promise has resolved.
  if (unresolved > 0) await ended;
  if (failure !== undefined) throw failure.thrown;
  for (let node = ready.takeFirst(); node !== undefined; node = ready.takeFirst()) {
    blocked.push({ node, reason: 'the run was stopped' });
    release(node, 'pending');
  }
  for (const { node, reason } of blocked) schedule.block(node.declared, reason);
}

/** Whether what needs a step that ended like this must not run. */
function holdsUp({ declared }: Node, status: StepStatus): boolean {
  return !isDone(status) && declared.step.severity !== 'optional';
}
