import type { EngineEvent } from '../engine/events.ts';
import { formatDuration, formatElapsed } from './format-time.ts';
import { headingOf } from './frame.ts';
import { noticeLines } from './notice.ts';
import { describeOutcome } from './outcome.ts';
import type { Reporter, TextOptions } from './reporter-body.ts';
import { resilienceLine } from './resilience-lines.ts';
import { createRunView, type StepView } from './run-view.ts';
import { describeEnd, describeNow } from './step-text.ts';
import { cleanLine, countSteps, padTo } from './text.ts';

/** At most one line of progress in this time for each step. */
const PROGRESS_MS = 5_000;
/** A step that says nothing is heard of in this time all the same: CI services end jobs that are silent. */
const SILENCE_MS = 60_000;
const WIDEST_ID = 28;

/** One line for each change, for logs: nothing is ever drawn again. */
export function createPlain(options: TextOptions): Reporter {
  const { stream, paint, estimate, now, verbose } = options;
  const view = createRunView();
  const announced = new Set<StepView>();
  const lastTold = new Map<StepView, { at: number; text: string }>();
  let column = 0;
  let trusted = 0;
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  let paused = false;
  let held = '';

  function write(text: string): void {
    if (paused) held += text;
    else stream.write(text);
  }

  function resume(): void {
    paused = false;
    if (held !== '') stream.write(held);
    held = '';
  }

  function line(step: StepView, text: string, color: (text: string) => string = (same) => same): void {
    tellTrusted();
    write(`${paint.strong(padTo(cleanLine(step.id), column))}  ${color(cleanLine(text))}\n`);
    lastTold.set(step, { at: now(), text });
  }

  function tellTrusted(): void {
    if (trusted > 0) write(`${paint.dim(`${countSteps(trusted)} done before`)}\n`);
    trusted = 0;
  }

  function announce(step: StepView): void {
    if (announced.has(step)) return;
    announced.add(step);
    const usual = estimate(step.id);
    line(step, usual === undefined ? 'started' : `started, usually ${formatElapsed(Math.max(1000, usual))}`);
  }

  /** Progress that was held back, or a sign of life. */
  function tellProgress(): void {
    for (const step of view.running) {
      const last = lastTold.get(step);
      const text = describeNow(step, now());
      const age = now() - (last?.at ?? step.startedAt ?? now());
      if (step.state === 'running' && text !== '' && text !== last?.text && age >= PROGRESS_MS) line(step, text);
      else if (age >= SILENCE_MS) line(step, `still running after ${formatElapsed(now() - (step.startedAt ?? now()))}`);
    }
  }

  function begin(event: Extract<EngineEvent, { type: 'run_started' }>): void {
    column = Math.min(WIDEST_ID, Math.max(0, ...event.steps.map(({ id }) => id.length)));
    write(`${headingOf(view, { paint }, Number.MAX_SAFE_INTEGER)} · ${countSteps(event.steps.length)}\n`);
  }

  function progress(step: StepView): void {
    announce(step);
    const last = lastTold.get(step);
    const text = describeNow(step, now());
    if (last === undefined || last.text.startsWith('started') || now() - last.at >= PROGRESS_MS) {
      if (text !== last?.text) line(step, text);
    }
  }

  function finished(step: StepView): void {
    if (step.action === 'trust' && step.state === 'done' && !verbose) {
      trusted += 1;
      return;
    }
    const text = describeEnd(step);
    if (step.state === 'failed') line(step, text, paint.failed);
    else if (step.state === 'done') line(step, /^\d/.test(text) ? `done in ${text}` : text, paint.done);
    else line(step, text, paint.attention);
    lastTold.delete(step);
  }

  function tell(event: EngineEvent): void {
    if (event.type === 'run_started') {
      begin(event);
      return;
    }
    if (event.type === 'notice') {
      tellTrusted();
      write(`${noticeLines(event, paint, Number.MAX_SAFE_INTEGER).join('\n')}\n`);
      return;
    }
    if (event.type === 'run_finished') return;
    const step = view.step(event.step);
    switch (event.type) {
      case 'attempt_started':
        announce(step);
        if (verbose)
          line(step, `${event.action}, attempt ${event.attempt}${event.log === undefined ? '' : `, log ${event.log}`}`);
        break;
      case 'step_progress':
        progress(step);
        break;
      case 'attempt_failed':
        // The last failure is told by the error of the run.
        if (event.retryInMs === undefined) break;
        announce(step);
        line(
          step,
          `attempt ${event.attempt} failed: ${event.error.message}; again in ${formatDuration(event.retryInMs)}`,
          paint.attention,
        );
        break;
      case 'target_tried':
      case 'breaker_changed':
      case 'fallback_taken': {
        const text = resilienceLine(event);
        if (text === undefined) break;
        announce(step);
        line(step, text, paint.attention);
        break;
      }
      case 'step_observed':
        if (verbose) line(step, `looks ${event.state}${event.reason === undefined ? '' : `: ${event.reason}`}`);
        break;
      case 'child_finished':
        if (verbose)
          line(step, `${event.program} (pid ${event.pid}) ended with ${event.exitCode ?? event.signal ?? 'nothing'}`);
        break;
      case 'step_finished':
        finished(step);
        break;
    }
  }

  return {
    listener(event) {
      if (ended) return;
      view.apply(event);
      tell(event);
      if (timer === undefined) {
        timer = setInterval(tellProgress, PROGRESS_MS);
        timer.unref();
      }
    },
    pause() {
      paused = true;
    },
    resume,
    async finish() {
      if (ended) return;
      ended = true;
      resume();
      clearInterval(timer);
      tellTrusted();
      for (const text of describeOutcome(view, paint)) write(`${text}\n`);
    },
  };
}
