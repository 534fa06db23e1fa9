import type { Plan } from '../../engine/plan.ts';

export interface LoadedPlan {
  plan: Plan;
  /** Absolute path: two plans of one name must not share a state. */
  path: string;
  concurrency?: number;
  /** Secrets that its steps declare. */
  secrets: readonly string[];
}

/** A DNS label made of the name of a file or folder. */
export function planName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}
