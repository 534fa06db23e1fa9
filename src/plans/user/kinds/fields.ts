import * as z from 'zod';
import type { RetryPolicy } from '../../../resilience/policy.ts';
import { parseDuration } from '../../../ui/duration.ts';
import type { StepCommon } from './kind.ts';

/** Fields that several kinds have. */

/** Limit of all attempts of a step that asks a service, and of what is done between them. */
export const budgetField = z
  .union([z.string(), z.number()], { error: 'must be a duration such as 90s, 5m or 1h30m' })
  .optional()
  .describe('limit of all attempts, and of the waiting between them');

export function readBudget(
  budget: string | number | undefined,
  { id }: StepCommon,
  kind: string,
): Pick<RetryPolicy, 'budgetMs'> | object {
  return budget === undefined ? {} : { budgetMs: parseDuration(String(budget), `${id}.${kind}.budget`) };
}

/** @param what it is one of, such as "a package" */
export function textOrList(what: string) {
  return z.union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: `must be ${what}, or a list of them`,
  });
}
