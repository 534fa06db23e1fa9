/** Somebody else's service that an installation depends on. */
export interface Target {
  kind: TargetKind;
  /** Host, with its port where it is not the usual one, or an alias from configuration. */
  name: string;
}

export type TargetKind = 'registry' | 'download' | 'http' | 'apt' | 'npm' | 'pip' | 'git' | 'ssh' | 'command';

/** How a target is called by people and on the disk, such as `registry:docker.io`. */
export function targetId({ kind, name }: Target): string {
  return `${kind}:${name}`;
}

/** Names that may become values of a metric's label: few, and nobody's private host. */
const WELL_KNOWN: ReadonlySet<string> = new Set([
  'docker.io',
  'ghcr.io',
  'quay.io',
  'gcr.io',
  'registry.k8s.io',
  'mcr.microsoft.com',
  'public.ecr.aws',
  'github.com',
  'kind.sigs.k8s.io',
  'dl.k8s.io',
]);
const PACKAGE_MANAGERS: ReadonlySet<string> = new Set(['apt', 'npm', 'pip']);

/** The value of the label `target`: the well-known name, the package manager, else `other`. */
export function targetLabel({ kind, name }: Target): string {
  if (PACKAGE_MANAGERS.has(kind)) return kind;
  return WELL_KNOWN.has(name) ? name : 'other';
}

/** The target of an address. @param url absolute */
export function targetOf(kind: TargetKind, url: string): Target {
  const { host } = new URL(url);
  return { kind, name: host };
}
