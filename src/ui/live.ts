import type { EngineEvent } from '../engine/events.ts';
import { renderFrame } from './frame.ts';
import { noticeLines } from './notice.ts';
import { describeOutcome } from './outcome.ts';
import type { Reporter, TextOptions } from './reporter-body.ts';
import { createRunView } from './run-view.ts';
import { createScreen } from './screen.ts';

/** Eight pictures a second: a turning symbol looks smooth, and a terminal far away keeps up. */
const REDRAW_MS = 120;

/** A list of steps that is drawn in place. Events only change the view; a timer that keeps nothing alive draws it. */
export function createLive({ stream, columns, paint, estimate, now }: TextOptions): Reporter {
  const view = createRunView();
  const screen = createScreen(stream);
  let timer: NodeJS.Timeout | undefined;
  let paused = false;
  let ended = false;
  let turn = 0;
  let held: string[] = [];

  const width = (): number => stream.columns ?? columns;
  const draw = (): void => {
    const size = { columns: width(), rows: stream.rows ?? 24 };
    if (view.steps.length > 0) screen.draw(renderFrame(view, { ...size, now: now(), paint, estimate, turn }));
  };
  const onResize = (): void => {
    screen.reflow(width());
    if (!paused) draw();
  };
  stream.on?.('resize', onResize);

  function print(lines: readonly string[]): void {
    if (paused) held.push(...lines);
    else screen.print(lines);
  }

  function start(): void {
    if (timer !== undefined || paused || ended) return;
    timer = setInterval(() => {
      turn += 1;
      draw();
    }, REDRAW_MS);
    timer.unref();
  }

  function stop(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    listener(event: EngineEvent) {
      if (ended) return;
      view.apply(event);
      if (event.type === 'notice') print(noticeLines(event, paint, width()));
      else start();
    },
    pause() {
      paused = true;
      stop();
      screen.erase();
    },
    resume() {
      if (!paused) return;
      paused = false;
      if (held.length > 0) screen.print(held);
      held = [];
      if (view.steps.length > 0) start();
    },
    async finish() {
      if (ended) return;
      if (paused) this.resume();
      ended = true;
      stop();
      stream.off?.('resize', onResize);
      draw();
      screen.keep();
      const outcome = describeOutcome(view, paint);
      if (outcome.length > 0) stream.write(`\n${outcome.map((line) => `  ${line}\n`).join('')}`);
    },
  };
}
