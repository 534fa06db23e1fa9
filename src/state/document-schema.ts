import * as z from 'zod';
import { STEP_STATUSES } from '../engine/record.ts';

const time = z.string().describe('UTC, ISO 8601');
const count = z.number().int().nonnegative();

const child = z.looseObject({ pid: z.number().int(), start_ticks: z.number(), program: z.string() });

const recordedError = z.looseObject({
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
  log: z.string().optional(),
  class: z.string().optional(),
});

const step = z.looseObject({
  status: z.enum(STEP_STATUSES),
  started_at: time.optional(),
  completed_at: time.optional(),
  updated_at: time.optional(),
  severity: z.literal('optional').describe('absent: critical').optional(),
  attempts: count.describe('attempts of the latest run of this step').optional(),
  duration_ms: z.number().nonnegative().optional(),
  fingerprint: z.string().describe('digest of the inputs').optional(),
  inputs: z.record(z.string(), z.string()).optional(),
  error: recordedError.optional(),
  verified: z
    .union([time, z.literal(false)])
    .describe('when its effect was last observed; false: not looked at yet')
    .optional(),
  outputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
  children: z.array(child).describe('process groups that may still run').optional(),
});

const lastRun = z.looseObject({
  id: z.string(),
  mode: z.enum(['run', 'resume', 'repair']),
  result: z.enum(['running', 'success', 'failure', 'timeout', 'cancellation', 'error']),
  started_at: time,
  ended_at: time.optional(),
  pid: z.number().int().optional(),
});

/** The schema of `StateDocument` (document.ts); `schemas/install-state.schema.json` is made from it. */
export const documentSchema = z
  .looseObject({
    version: z.string().regex(/^\d+\.\d+$/),
    cluster_name: z.string().min(1),
    started_at: time.optional(),
    updated_at: time.optional(),
    completed_at: time.optional(),
    revision: count.describe('grows by one with each recorded change').optional(),
    plan: z.string().optional(),
    plan_path: z.string().describe("absolute path of a user's plan").optional(),
    plan_hash: z.string().optional(),
    run_id: z.string().optional(),
    traceparent: z.string().optional(),
    provider: z.string().optional(),
    install_id: z.string().describe('written on everything that this installation makes').optional(),
    options: z.record(z.string(), z.unknown()).describe('choices that a later run keeps').optional(),
    last_run: lastRun.optional(),
    steps: z.record(z.string(), step),
  })
  .meta({ title: 'Install state', description: 'State of one plan on one cluster, written by contextcore-install' });

/**
 * Checks a document that somebody else may have written.
 *
 * @returns what is wrong with it, naming the field; undefined when it is valid
 */
export function findInvalid(document: unknown): string | undefined {
  const { error } = documentSchema.safeParse(document);
  const issue = error?.issues[0];
  return issue === undefined ? undefined : `${issue.path.join('.') || 'the document'}: ${issue.message}`;
}
