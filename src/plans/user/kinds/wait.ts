import * as z from 'zod';
import { READINESS } from '../../../resilience/policy.ts';
import { waitBody } from '../../../steps/wait/wait-step.ts';
import { parseWaitTarget, type WaitTarget } from '../../../steps/wait/wait-target.ts';
import { parseDuration } from '../../../ui/duration.ts';
import { expectedFields, readExpected } from './http.ts';
import { commonFields, defineKind, type StepCommon } from './kind.ts';

const schema = z.strictObject({
  target: z.string().optional().describe('http://, https://, tcp://HOST:PORT or file:PATH'),
  command: z
    .union([z.string().min(1), z.array(z.string()).min(1)], {
      error: 'must be a shell command, or a list of its words',
    })
    .optional()
    .describe('in place of a target: ready when it exits with 0'),
  interval: z.string().optional().describe('between two looks [default: 2s]'),
  timeout: z.string().optional().describe("of all looks [default: the step's timeout, else 60s]"),
  ...expectedFields,
});

/** `wait`: done as soon as something is ready. */
export const wait = defineKind({
  key: 'wait',
  describe: 'waits until something is ready, and says why it is not',
  shorthand: 'target',
  schema,
  step: (spec, common) => {
    const ms = (key: 'interval' | 'timeout') => {
      const value = spec[key];
      return value === undefined ? undefined : parseDuration(value, `${common.id}.wait.${key}`);
    };
    const timeoutMs = ms('timeout') ?? common.policy.timeoutMs ?? READINESS.timeoutMs;
    return {
      ...commonFields(common),
      // Patience is the wait's own; another attempt is a wait all over again.
      policy: { attempts: 1, ...common.policy, timeoutMs: timeoutMs + MARGIN_MS },
      ...waitBody({
        target: targetOf(spec, common),
        timeoutMs,
        intervalMs: ms('interval') ?? READINESS.intervalMs,
        cwd: common.cwd,
        env: common.env,
        secrets: common.secrets,
      }),
    };
  },
});

/** The engine must not end the last look before it can say why it was not ready. */
const MARGIN_MS = 60_000;

function targetOf(spec: z.output<typeof schema>, { wrong }: StepCommon): WaitTarget {
  const { target, command } = spec;
  if ((target === undefined) === (command === undefined)) {
    throw wrong([], 'takes a target or a command', 'such as  wait: tcp://127.0.0.1:5432');
  }
  const expected = readExpected(spec, wrong);
  const [unused] = Object.keys(expected);
  if (command !== undefined) {
    if (unused !== undefined) throw wrong([unused], 'is for answers over HTTP');
    return { kind: 'command', words: typeof command === 'string' ? ['sh', '-c', command] : command };
  }
  const parsed = readTarget(target ?? '', wrong);
  if (parsed.kind === 'http') return { ...parsed, expected };
  if (unused !== undefined) throw wrong([unused], 'is for answers over HTTP');
  return parsed;
}

function readTarget(text: string, wrong: StepCommon['wrong']): WaitTarget {
  try {
    return parseWaitTarget(text);
  } catch (thrown) {
    throw wrong(['target'], (thrown as Error).message, 'give http://ADDRESS, tcp://HOST:PORT or file:PATH');
  }
}
