import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EngineEvent, PlanStepInfo } from '../../src/engine/events.ts';
import { renderFrame } from '../../src/ui/frame.ts';
import { createPaint } from '../../src/ui/paint.ts';
import { createReporter } from '../../src/ui/reporter.ts';
import { createRunView } from '../../src/ui/run-view.ts';
import { cleanLine, widthOf } from '../../src/ui/text.ts';
import { EVERY_EVENT } from '../support/every-event.ts';
import { SCENES, START } from '../support/recorded-runs.ts';
import { collectOutput } from '../support/terminal.ts';

const BASE = { rows: 24, now: START + 60_000, paint: createPaint(true), estimate: () => 20_000, turn: 3 };

function frameOf(events: readonly EngineEvent[], columns: number, rows = 24): string[] {
  const view = createRunView();
  for (const event of events) view.apply(event);
  return renderFrame(view, { ...BASE, columns, rows });
}

/** Colours that were switched on and not off again. */
function openColors(line: string): number {
  const codes = line
    .split('\u001b[')
    .slice(1)
    .map((rest) => Number.parseInt(rest, 10));
  return codes.filter((code) => code < 22 || (code > 29 && code < 38)).length * 2 - codes.length;
}

function expectFit(lines: readonly string[], columns: number): void {
  for (const line of lines) {
    expect(widthOf(cleanLine(line)), JSON.stringify(line)).toBeLessThan(columns);
    expect(openColors(line), JSON.stringify(line)).toBe(0);
    expect(line.replaceAll('\u001b', '')).not.toMatch(/\p{Cc}/u);
  }
}

describe('a picture of a run', () => {
  test.each([20, 40, 80, 200])('never has a line that wraps at %i columns', (columns) => {
    for (const scene of Object.values(SCENES)) {
      const events = scene();
      for (let length = 1; length <= events.length; length += Math.ceil(events.length / 40)) {
        expectFit(frameOf(events.slice(0, length), columns), columns);
      }
    }
  });

  test('is readable at 40 columns', () => {
    const events = SCENES.install().filter(({ at }) => at <= START + 32_000);
    const view = createRunView();
    for (const event of events) view.apply(event);
    const options = { ...BASE, now: START + 32_000, columns: 40, paint: createPaint(false) };
    expect(renderFrame(view, options).slice(5, 9)).toEqual([
      '  ⠦ Wait until everythin…  10s of ~20s',
      '      pods 2/3: loki-0 ContainerCreati…',
      '  · Verify the services    ~20s',
      '  · Send a signal throug…  ~20s',
    ]);
  });

  test('keeps to its columns with wide characters, pictures and escape sequences in titles and progress', () => {
    const titles = [
      '可観測性スタックを起動する準備をしています',
      '👩‍👩‍👧 家族',
      'e\u0301te\u0301',
      '\u001b[31mred\u001b[0m\u0007\ttab\nline',
      '\u202egnp.exe',
    ];
    const steps = titles.map(
      (title, index): PlanStepInfo => ({ id: `s${index}`, title, needs: [], severity: 'critical' }),
    );
    const start = SCENES.install()[0] as Extract<EngineEvent, { type: 'run_started' }>;
    const events: EngineEvent[] = [{ ...start, plan: '計画', steps, recorded: {} }];
    for (const { id, title } of steps)
      events.push({ type: 'step_progress', at: START, step: id, message: title.repeat(9) });
    for (const columns of [20, 40, 80, 200]) expectFit(frameOf(events, columns), columns);
  });

  test('never is higher than the screen', () => {
    for (const rows of [6, 12, 24]) {
      for (const scene of Object.values(SCENES)) {
        const events = scene();
        for (let length = 1; length <= events.length; length += Math.ceil(events.length / 40)) {
          expect(frameOf(events.slice(0, length), 80, rows).length).toBeLessThan(rows);
        }
      }
    }
  });

  test('tells the time left only when every step that is to come has an estimate', () => {
    const view = createRunView();
    for (const event of SCENES.install().filter(({ at }) => at <= START + 32_000)) view.apply(event);
    const known: Record<string, number> = { pods_ready: 40_000, services_verify: 2000 };
    const footer = (estimates: Record<string, number>) =>
      renderFrame(view, {
        ...BASE,
        now: START + 32_000,
        columns: 80,
        paint: createPaint(false),
        estimate: (id) => estimates[id],
      }).at(-1);
    expect(footer(known)).toBe('  3 of 6 done · 32s');
    expect(footer({ ...known, metrics_seed: 3000 })).toBe('  3 of 6 done · 32s · about 34s left');
  });
});

describe('whatever happens in whatever order', () => {
  const event = fc
    .tuple(
      fc.constantFrom(...EVERY_EVENT, ...SCENES.failure(), ...SCENES.interrupted()),
      fc.integer({ min: -1e12, max: 1e12 }),
      fc.string({ unit: 'grapheme' }),
    )
    .map(([given, shift, text]): EngineEvent => {
      const moved = { ...given, at: given.at + shift };
      if (moved.type === 'step_progress') return { ...moved, message: text, item: text };
      return moved.type === 'notice' ? { ...moved, message: text } : moved;
    });

  test('a picture fits and no reporter throws', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(event, { maxLength: 40 }),
        fc.constantFrom(1, 20, 40, 80, 200),
        async (events, columns) => {
          const view = createRunView();
          const output = collectOutput();
          const common = { stream: { ...output, columns }, stdout: output, columns, color: true, verbose: true };
          const reporters = (['live', 'plain', 'json', 'quiet'] as const).map((kind) =>
            createReporter({ kind, ...common }),
          );
          for (const one of events) {
            view.apply(one);
            for (const reporter of reporters) reporter.listener(one);
            const frame = renderFrame(view, { ...BASE, columns, estimate: () => undefined });
            if (columns >= 20) expectFit(frame, columns);
          }
          expect(view.doneCount).toBe(view.steps.filter(({ state }) => state === 'done').length);
          for (const reporter of reporters) await reporter.finish();
        },
      ),
      { numRuns: 300 },
    );
  });
});
