import type { RunFields, StepRecord } from '../engine/record.ts';

/** A document of any version and hand. Fields not named here survive every rewrite. */
export interface ForeignDocument extends RunFields {
  version: string;
  cluster_name: string;
  updated_at?: string;
  revision?: number;
  /** Absolute path of a user's plan; absent for create-cluster. */
  plan_path?: string;
  /** Written on everything that this installation makes. */
  install_id?: string;
  /** Choices that a later run keeps. */
  options?: Record<string, unknown>;
  steps: Record<string, StepRecord>;
}

/** The install-state document, as `install-state.json` holds it. */
export interface StateDocument extends ForeignDocument {
  /** Grows by one with each recorded change. */
  revision: number;
}
