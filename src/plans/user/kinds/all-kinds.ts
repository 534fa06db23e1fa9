import type { StepKind } from './kind.ts';

/** Every kind of step by its key, loaded when a plan uses it: no plan pays for the kinds of others. */
export const KINDS: Readonly<Record<string, () => Promise<StepKind>>> = {
  apt: async () => (await import('./apt.ts')).apt,
  compose: async () => (await import('./compose.ts')).compose,
  git: async () => (await import('./git.ts')).git,
  download: async () => (await import('./download.ts')).download,
  http: async () => (await import('./http.ts')).http,
  images: async () => (await import('./images.ts')).images,
  preflight: async () => (await import('./preflight.ts')).preflight,
  npm: async () => (await import('./npm.ts')).npm,
  pip: async () => (await import('./pip.ts')).pip,
  script: async () => (await import('./script.ts')).script,
  ssh: async () => (await import('./ssh.ts')).ssh,
  wait: async () => (await import('./wait.ts')).wait,
};
