import type { StepContext } from '../../engine/step.ts';

/** What a package manager needs of its surroundings: a step's context is one, and so is a command outside any run. */
export type PackageGround = Pick<
  StepContext,
  'exec' | 'query' | 'guard' | 'consent' | 'clock' | 'log' | 'notice' | 'progress' | 'signal' | 'env'
>;
