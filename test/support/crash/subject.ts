import type { Program } from '../cli.ts';

/** Something that is installed, killed and resumed. Each has a folder of its own. */
export interface Subject {
  name: string;
  home: string;
  cwd: string;
  program: Program;
  /** Arguments of the first run, and of each that carries on. */
  install: readonly string[];
  resume: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Ids of the steps, in their order. */
  steps: readonly string[];
  cluster: string;
  plan: string;
  /** Back to nothing, so that the next run begins anew. */
  clear(): Promise<void>;
  /** What must hold after a good resume; one line for each thing that does not. */
  findFaults(): Promise<readonly string[]>;
  /** Ends and removes everything, whatever state it is in. */
  destroy(): Promise<void>;
}
