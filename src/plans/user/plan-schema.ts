import * as z from 'zod';
import { ERROR_CLASSES } from '../../errors/error-class.ts';
import { KINDS } from './kinds/all-kinds.ts';
import { LABEL } from './usual-plan.ts';

export const words = z.union([z.string().min(1), z.array(z.string()).min(1)], {
  error: 'must be a shell command, or a list of the words of one',
});
const duration = z.union([z.string(), z.number()], { error: 'must be a duration such as 90s, 5m or 1h30m' });
/** A text, or what YAML takes for a number or a switch. */
export const plainText = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const label = z.string().regex(LABEL, 'must be a DNS label');

/** What every step may say, whatever its kind. */
export const stepFields = {
  id: z.string().describe('stable: the record of the step hangs on it'),
  title: z.string().optional(),
  needs: z.array(z.string()).optional().describe('ids of steps [default: the one before; [] makes it independent]'),
  check: words.optional().describe('exits with 0 when there is nothing to do'),
  repair: words.optional().describe('mends what is unhealthy [default: the step itself]'),
  rollback: words.optional().describe('takes back what the step made'),
  optional: z.boolean().optional().describe('a failure is recorded, and the rest goes on'),
  timeout: duration.optional().describe('limit of one attempt'),
  attempts: z.int().min(1).max(100).optional().describe('tries in all'),
  delay: duration.optional().describe('longest pause before the second attempt; doubled each time, with jitter'),
  max_delay: duration.optional(),
  retry_on: z.array(z.enum(ERROR_CLASSES)).optional().describe('kinds of trouble that are tried again'),
  env: z.record(z.string(), plainText).optional().describe('added to the environment of its commands'),
  secrets: z.array(z.string()).optional().describe('names of environment variables that it is given'),
  files: z.array(z.string()).optional().describe('their contents are inputs of the step'),
};

/** A step with its own settings unread: the schema of a kind is loaded only when a plan uses it. */
export const stepSchema = z.strictObject({
  ...stepFields,
  run: words.optional().describe('a shell command, or the words of one'),
  ...Object.fromEntries(Object.keys(KINDS).map((key) => [key, z.unknown().optional()])),
});

export const planFields = {
  name: label.optional().describe("state folder and labels [default: the file's name]"),
  cluster: label.optional().describe('[default: o11y-dev]'),
  concurrency: z.int().min(1).max(256).optional().describe('steps at the same time'),
};

export const planSchema = z.strictObject({ ...planFields, steps: z.array(stepSchema).min(1) });

export type PlanSpec = z.infer<typeof planSchema>;
export type StepSpec = z.infer<typeof stepSchema>;

/** The published JSON Schema of plans, all kinds in full. */
export async function planJsonSchema(): Promise<object> {
  const kinds: Record<string, z.ZodType> = {};
  for (const [key, load] of Object.entries(KINDS)) {
    const { schema, shorthand, describe } = await load();
    const either = shorthand === undefined ? schema : z.union([z.string(), schema]);
    kinds[key] = either.optional().describe(describe);
  }
  const step = z.strictObject({ ...stepFields, run: stepSchema.shape.run, ...kinds });
  const oneOf = ['run', ...Object.keys(kinds)].map((key) => ({ required: [key] }));
  const plan = z.strictObject({ ...planFields, steps: z.array(step.meta({ oneOf })).min(1) });
  return z.toJSONSchema(plan.meta({ title: 'Plan of contextcore-install' }), { io: 'input' });
}
