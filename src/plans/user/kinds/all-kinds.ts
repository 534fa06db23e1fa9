import type { StepKind } from './kind.ts';

/** Every kind of step by its key, loaded when a plan uses it: no plan pays for the kinds of others. */
export const KINDS: Readonly<Record<string, () => Promise<StepKind>>> = {
  http: async () => (await import('./http.ts')).http,
  script: async () => (await import('./script.ts')).script,
  wait: async () => (await import('./wait.ts')).wait,
};
