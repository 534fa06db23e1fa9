import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import type { Mode, StepRecord } from '../../../src/engine/record.ts';
import { runPlan } from '../../../src/engine/run-plan.ts';
import type { Step } from '../../../src/engine/step.ts';
import { surveyPlan } from '../../../src/engine/survey-plan.ts';
import { InstallerError } from '../../../src/errors/installer-error.ts';
import { createPreflightBody } from '../../../src/steps/preflight/body.ts';
import type { Check, Finding } from '../../../src/steps/preflight/check.ts';
import { declined, makeEnginePorts, type PortsOptions } from '../../support/step-context.ts';

type Answer = Finding | (() => Finding);

const checkOf = (id: string, answer: Answer): Check => ({
  id,
  title: `the ${id}`,
  run: async () => (typeof answer === 'function' ? answer() : answer),
});
const ok = checkOf('good', { level: 'ok', message: 'is fine' });
const warning = checkOf('odd', { level: 'warning', message: 'is odd', hint: 'look at it' });
const broken = checkOf('bad', { level: 'error', message: 'is broken', hint: 'mend it' });
const dead: Check = { id: 'dead', title: 'the dead', run: () => Promise.reject(new Error('fell over')) };

/** A thing that is missing until its remedy is applied. */
function missing(outcome: 'mended' | 'fails' | 'stays missing' = 'mended'): { check: Check; applied(): number } {
  let applied = 0;
  const finding = (): Finding =>
    applied > 0 && outcome === 'mended'
      ? { level: 'ok', message: 'is there' }
      : {
          level: 'error',
          message: 'is missing',
          hint: 'apt-get install it',
          remedy: {
            offer: 'download it (10 MB)',
            apply: async () => {
              applied += 1;
              if (outcome === 'fails')
                throw new InstallerError('step_failed', 'no way to it', { hint: 'check the net' });
            },
          },
        };
  return { check: checkOf('tool', finding), applied: () => applied };
}

async function play(checks: readonly Check[], options: PortsOptions & { mode?: Mode } = {}) {
  const ports = await makeEnginePorts(options);
  let reached = 0;
  const preflight: Step = { id: 'preflight', title: 'Preflight', ...createPreflightBody(checks, { env: {} }) };
  const next: Step = {
    id: 'next',
    title: 'Next',
    needs: [preflight],
    apply: async () => {
      reached += 1;
      return undefined;
    },
  };
  const plan = { name: 'p', cluster: 'c', steps: [preflight, next] };
  const signal = new AbortController().signal;
  const report = await runPlan(plan, ports, { mode: options.mode ?? 'run', runId: 'r', signal });
  return { report, ports, reached };
}

describe('preflight', () => {
  it('passes with warnings, which become notices', async () => {
    const { report, ports, reached } = await play([ok, warning]);
    expect(report.result).toBe('success');
    expect(reached).toBe(1);
    const notices = ports.events.filter((event) => event.type === 'notice');
    expect(notices).toMatchObject([{ level: 'warning', message: 'the odd: is odd; look at it' }]);
    const seen = ports.events.find((event) => event.type === 'step_observed');
    expect(seen).toMatchObject({ state: 'present', reason: '1 check passed, 1 warning' });
    expect(ports.steps.get('preflight')).toMatchObject({
      status: 'completed',
      outputs: { error: 0, warning: 1, ok: 1 },
    });
  });

  it('fails with exit code 3 and every finding, what to do below each, and nothing is started after it', async () => {
    const { report, reached } = await play([ok, warning, broken, dead]);
    expect(reached).toBe(0);
    expect(report.error?.code).toBe('preflight_failed');
    expect(report.error?.exitCode).toBe(3);
    expect(report.error?.message).toBe('2 of 4 preflight checks failed; nothing was changed');
    const lines = report.error?.details.lines ?? [];
    expect(lines.map((line) => line.trim())).toEqual([
      'error    the bad: is broken',
      'mend it',
      'error    the dead: could not be checked: fell over',
      expect.any(String),
      'warning  the odd: is odd',
      'look at it',
    ]);
  });

  it.each<Mode>(['run', 'resume', 'repair'])('is looked at again in mode %s, and can fail there', async (mode) => {
    const steps = new Map<string, StepRecord>();
    expect((await play([ok], { steps })).report.result).toBe('success');
    expect(steps.get('preflight')?.status).toBe('completed');
    const { report } = await play([broken], { steps, mode });
    expect(report.error?.exitCode).toBe(3);
  });

  it('gets what is missing once that is agreed to, and looks again', async () => {
    const tool = missing();
    const asked: unknown[] = [];
    const consent = async (...question: unknown[]) => void asked.push(question);
    const { report, reached, ports } = await play([ok, tool.check], { consent });
    expect(report.result).toBe('success');
    expect([tool.applied(), reached, asked.length]).toEqual([1, 1, 1]);
    expect(JSON.stringify(asked)).toContain('apt-get install it');
    expect(ports.steps.get('preflight')?.outputs).toEqual({ error: 0, warning: 0, ok: 2 });
  });

  it('gets nothing when the user says no, and says how it is done by hand', async () => {
    const tool = missing();
    const { report, reached } = await play([tool.check], { consent: declined });
    expect(report.error?.code).toBe('consent_declined');
    expect([tool.applied(), reached]).toEqual([0, 0]);
    expect(report.error?.details.lines?.join('\n')).toContain('apt-get install it');
  });

  it('gets nothing while something else is wrong that it cannot mend', async () => {
    const tool = missing();
    const { report } = await play([tool.check, broken]);
    expect(report.error?.exitCode).toBe(3);
    expect(tool.applied()).toBe(0);
    const told = report.error?.details.lines?.join('\n');
    expect(told).toMatch(
      /is missing\n.*apt-get install it\n.*mend the rest, and this is offered: download it \(10 MB\)/,
    );
  });

  it.each(['fails', 'stays missing'] as const)('ends with exit code 3 when getting it %s', async (outcome) => {
    const { report, reached } = await play([missing(outcome).check]);
    expect(report.error?.exitCode).toBe(3);
    expect(reached).toBe(0);
    const told = [report.error?.message, ...(report.error?.details.lines ?? [])].join('\n');
    expect(told).toContain(outcome === 'fails' ? 'check the net' : 'is missing');
  });

  it('keeps its latest numbers', async () => {
    const steps = new Map<string, StepRecord>();
    await play([ok, warning], { steps });
    await play([ok, ok], { steps, mode: 'resume' });
    expect(steps.get('preflight')?.outputs).toEqual({ error: 0, warning: 0, ok: 2 });
  });

  it.each([
    [[ok, warning], 'keep', '1 check passed, 1 warning'],
    [[ok, broken], 'apply', 'failed: the bad'],
    [[missing().check], 'apply', 'missing: the tool'],
  ] as const)('is shown by a dry run with all findings, and nothing is done', async (checks, action, reason) => {
    const ports = await makeEnginePorts({ consent: declined });
    const preflight: Step = { id: 'preflight', title: 'Preflight', ...createPreflightBody(checks, { env: {} }) };
    const options = { mode: 'run' as const, runId: 'r', signal: new AbortController().signal };
    const [row] = await surveyPlan({ name: 'p', cluster: 'c', steps: [preflight] }, ports, options);
    expect(row?.action).toBe(action);
    expect(row?.seen).toMatchObject({ reason });
    expect(row?.seen?.details).toHaveLength(checks.length);
    expect(ports.events.filter((event) => event.type === 'notice')).toEqual([]);
    expect(ports.steps.size).toBe(0);
  });

  it('writes each finding into its log', async () => {
    const ports = await makeEnginePorts();
    const preflight: Step = { id: 'preflight', title: 'Preflight', ...createPreflightBody([ok, warning], { env: {} }) };
    const options = { mode: 'run' as const, runId: 'r', signal: new AbortController().signal };
    await runPlan({ name: 'p', cluster: 'c', steps: [preflight] }, ports, options);
    const log = await readFile(ports.logs.open('preflight', 1), 'utf8');
    expect(log).toBe('the good: is fine\nthe odd: is odd; look at it\n');
  });
});
