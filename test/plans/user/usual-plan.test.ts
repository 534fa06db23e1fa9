import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planSchema } from '../../../src/plans/user/plan-schema.ts';
import { isUsualPlan } from '../../../src/plans/user/usual-plan.ts';

const texts = fc.array(fc.string(), { maxLength: 3 });
/** What somebody might write as the value of any key: right, nearly right, or of another kind. */
const value = fc.oneof(
  fc.string(),
  texts,
  fc.constantFrom('', 'db', 'Upper', '90s', true, false, null, undefined, [], {}, [''], [1]),
  fc.constantFrom(0, 1, 100, 101, 256, 257, 1.5, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60),
  fc.constant(define({}, '__proto__', 'x')),
  fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.constant(null))),
);
const STEP_KEYS = 'id title run needs check repair rollback optional timeout attempts delay max_delay env secrets files'
  .split(' ')
  .concat('retry_on', 'script', 'wait', 'unknown', '__proto__');
const PLAN_KEYS = ['name', 'cluster', 'concurrency', 'steps', 'unknown', '__proto__'];

const record = (keys: readonly string[], of: fc.Arbitrary<unknown>, most = 5) =>
  fc.uniqueArray(fc.constantFrom(...keys), { maxLength: most }).chain((chosen) =>
    fc
      .tuple(...chosen.map((key) => (key === 'id' ? fc.oneof(fc.string(), of) : of)))
      // As the YAML reader does: a key is data, whatever its name.
      .map((values) => chosen.reduce((made, key, index) => define(made, key, values[index]), {})),
  );
const step = record(STEP_KEYS, value);
const plan = record(PLAN_KEYS, fc.oneof(value, fc.array(step, { maxLength: 3 })));
/** Few keys beside those that must be there, so that many are right. */
const nearlyUsual = fc
  .tuple(
    fc.array(
      record(STEP_KEYS, value, 2).map((made) => define(made, 'id', 'a')),
      { minLength: 1, maxLength: 2 },
    ),
    record(PLAN_KEYS, value, 1),
  )
  .map(([steps, made]) => define(made, 'steps', steps));

function define(made: object, key: string, content: unknown): object {
  return Object.defineProperty(made, key, { value: content, enumerable: true, configurable: true, writable: true });
}

test('what passes for usual, the schema takes as it is', () => {
  let usual = 0;
  fc.assert(
    fc.property(fc.oneof(plan, nearlyUsual), (content) => {
      if (!isUsualPlan(content)) return;
      usual += 1;
      const parsed = planSchema.safeParse(content);
      expect(parsed.error).toBeUndefined();
      expect(parsed.data).toEqual(content);
    }),
    { numRuns: 5000, seed: 1 },
  );
  expect(usual).toBeGreaterThan(100);
});

test('a plan with everything in it is usual', () => {
  const everything = {
    name: 'all',
    cluster: 'o11y-dev',
    concurrency: 4,
    steps: [
      { id: 'a', title: 'A', run: 'true', check: ['test', '-e', 'a'], repair: 'true', rollback: 'true' },
      { id: 'b', run: ['true'], needs: [], optional: true, timeout: '5m', attempts: 3, delay: 1, max_delay: '1m' },
      { id: 'c', run: 'true', needs: ['a', 'b'], env: { A: 'b' }, secrets: ['TOKEN'], files: ['f'] },
      { id: 'd', wait: 'tcp://127.0.0.1:1' },
    ],
  };
  expect(isUsualPlan(everything)).toBe(true);
});
