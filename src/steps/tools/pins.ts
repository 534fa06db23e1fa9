/** Systems whose package manager's command can be shown. */
export type PackageManager = 'apt' | 'dnf' | 'pacman' | 'apk' | 'brew';

/** A program as data: how to recognise it, and where its makers publish it. In texts `{version}`, `{os}` and `{arch}` are filled in. */
export interface ProgramPin {
  readonly name: string;
  /** Names under which distributions ship the same program. */
  readonly aliases?: readonly string[];
  /** The release that is downloaded. */
  readonly version: string;
  /** The oldest that is used when it is there already. */
  readonly minVersion: string;
  /** Prints the version, without touching anything. */
  readonly versionArgs: readonly string[];
  readonly release: {
    readonly url: string;
    /** The release's own published SHA-256 sums. */
    readonly sumsUrl: string;
    /** Path inside the archive (.tar.gz); absent: the download is the program itself. */
    readonly member?: string;
    /** About, for the question to the user. */
    readonly megabytes: number;
  };
  /** Distribution package that can be unpacked instead, without installing it. */
  readonly debian?: {
    readonly package: string;
    readonly member: string;
    /** Folder without whose files the distribution's program does not start. */
    readonly assets?: string;
  };
  /** Package names, for the command that is shown when nothing else works. */
  readonly packages: Partial<Record<PackageManager, string>>;
  /** Page that tells how to install it by hand. */
  readonly page: string;
}

const KIND = 'https://github.com/kubernetes-sigs/kind/releases/download/v{version}/kind-{os}-{arch}';
const KUBECTL = 'https://dl.k8s.io/release/v{version}/bin/{os}/{arch}/kubectl';
const PROMETHEUS = 'https://github.com/prometheus/prometheus/releases/download/v{version}';
const ALERTMANAGER = 'https://github.com/prometheus/alertmanager/releases/download/v{version}';

export const PINS = {
  kind: {
    name: 'kind',
    version: '0.33.0',
    minVersion: '0.20.0',
    versionArgs: ['version'],
    release: { url: KIND, sumsUrl: `${KIND}.sha256sum`, megabytes: 10 },
    packages: { brew: 'kind', pacman: 'kind' },
    page: 'https://kind.sigs.k8s.io/docs/user/quick-start/#installation',
  },
  kubectl: {
    name: 'kubectl',
    version: '1.37.2',
    minVersion: '1.28.0',
    versionArgs: ['version', '--client'],
    release: { url: KUBECTL, sumsUrl: `${KUBECTL}.sha256`, megabytes: 60 },
    packages: { brew: 'kubernetes-cli', pacman: 'kubectl', dnf: 'kubernetes-client' },
    page: 'https://kubernetes.io/docs/tasks/tools/#kubectl',
  },
  prometheus: {
    name: 'prometheus',
    version: '3.15.0',
    // The first one that takes samples out of order (storage.tsdb.out_of_order_time_window).
    minVersion: '2.39.0',
    versionArgs: ['--version'],
    release: {
      url: `${PROMETHEUS}/prometheus-{version}.{os}-{arch}.tar.gz`,
      sumsUrl: `${PROMETHEUS}/sha256sums.txt`,
      member: 'prometheus-{version}.{os}-{arch}/prometheus',
      megabytes: 130,
    },
    debian: { package: 'prometheus', member: 'usr/bin/prometheus' },
    packages: {
      apt: 'prometheus',
      dnf: 'golang-github-prometheus',
      pacman: 'prometheus',
      apk: 'prometheus',
      brew: 'prometheus',
    },
    page: 'https://prometheus.io/docs/prometheus/latest/installation/',
  },
  alertmanager: {
    name: 'alertmanager',
    aliases: ['prometheus-alertmanager'],
    version: '0.34.2',
    // The first one with the v2 API alone in use, which is what everything here talks to.
    minVersion: '0.22.0',
    versionArgs: ['--version'],
    release: {
      url: `${ALERTMANAGER}/alertmanager-{version}.{os}-{arch}.tar.gz`,
      sumsUrl: `${ALERTMANAGER}/sha256sums.txt`,
      member: 'alertmanager-{version}.{os}-{arch}/alertmanager',
      megabytes: 40,
    },
    debian: {
      package: 'prometheus-alertmanager',
      member: 'usr/bin/prometheus-alertmanager',
      assets: '/usr/share/prometheus/alertmanager',
    },
    packages: {
      apt: 'prometheus-alertmanager',
      dnf: 'golang-github-prometheus-alertmanager',
      pacman: 'alertmanager',
      apk: 'alertmanager',
      brew: 'alertmanager',
    },
    page: 'https://prometheus.io/docs/alerting/latest/alertmanager/',
  },
} as const satisfies Record<string, ProgramPin>;
