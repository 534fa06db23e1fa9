import type { Clock } from '../engine/ports.ts';
import { eventJson } from './json.ts';
import { createLive } from './live.ts';
import { noticeLines } from './notice.ts';
import { describeOutcome } from './outcome.ts';
import { createPaint } from './paint.ts';
import { createPlain } from './plain.ts';
import type { Reporter, TerminalStream, TextOptions } from './reporter-body.ts';
import { createRunView } from './run-view.ts';
import type { OutputStream } from './screen.ts';

export interface ReporterOptions {
  /** `live`: a list drawn in place; `plain`: a line for each change; `json`: events on stdout; `quiet`: warnings only. */
  kind: 'live' | 'plain' | 'json' | 'quiet';
  /** Where progress and notices go. */
  stream: TerminalStream;
  /** Where JSON goes. */
  stdout: OutputStream;
  /** When the stream does not tell. */
  columns: number;
  color: boolean;
  /** More lines in `plain`: what was seen, logs, ended children. */
  verbose?: boolean;
  /** Usual duration of a step in milliseconds, from earlier runs. */
  estimates?: (step: string) => number | undefined;
  clock?: Pick<Clock, 'now'>;
}

export type { Reporter } from './reporter-body.ts';

/** The listener for a run's terminal. It never throws, and keeps no process alive. */
export function createReporter(options: ReporterOptions): Reporter {
  const { kind, stream, stdout, columns, clock } = options;
  const text: TextOptions = {
    stream,
    columns,
    paint: createPaint(options.color),
    verbose: options.verbose ?? false,
    estimate: options.estimates ?? (() => undefined),
    now: () => clock?.now() ?? Date.now(),
  };
  if (kind === 'live') return createLive(text);
  if (kind === 'plain') return createPlain(text);
  return kind === 'json' ? createJson(stdout) : createQuiet(text);
}

function createJson(stdout: OutputStream): Reporter {
  return {
    listener: (event) => stdout.write(`${JSON.stringify(eventJson(event))}\n`),
    pause() {},
    resume() {},
    async finish() {},
  };
}

/** Warnings, and failures that no error tells. */
function createQuiet({ stream, columns, paint }: TextOptions): Reporter {
  const view = createRunView();
  return {
    listener(event) {
      view.apply(event);
      if (event.type !== 'notice' || event.level !== 'warning') return;
      stream.write(`${noticeLines(event, paint, stream.columns ?? columns).join('\n')}\n`);
    },
    pause() {},
    resume() {},
    async finish() {
      for (const line of describeOutcome(view, paint).slice(0, -1)) stream.write(`${line}\n`);
    },
  };
}
