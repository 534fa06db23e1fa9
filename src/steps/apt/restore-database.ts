import type { Command } from '../../engine/step.ts';
import type { PackageGround } from '../packages/ground.ts';
import type { AptCommands } from './apt-command.ts';
import type { Ailment } from './health.ts';

const STATUS = '/var/lib/dpkg/status';

/** dpkg's copy of before the last change, then the daily ones of Debian's dpkg-db-backup, newest first. */
const BACKUPS = [
  `${STATUS}-old`,
  '/var/backups/dpkg.status.0',
  ...[1, 2, 3, 4, 5, 6].map((day) => `/var/backups/dpkg.status.${day}.gz`),
];

/** Prints a copy, packed or not. */
const PRINT = 'case "$1" in *.gz) gzip -dc "$1" ;; *) cat "$1" ;; esac';

/** Whether dpkg can read a copy, and finds itself in it. */
const PROBE = `set -e; [ -r "$1" ]; t=$(mktemp -d); trap 'rm -rf "$t"' EXIT; (${PRINT}) > "$t/status"
  [ "$(dpkg-query --admindir="$t" -W -f '\${db:Status-Status}' dpkg)" = installed ]`;

/** The broken record is kept beside it, under a name with the time. */
const RESTORE = `set -e; cp -p ${STATUS} "${STATUS}.broken-$2" || true; (${PRINT}) > ${STATUS}.new
  chmod 644 ${STATUS}.new; mv ${STATUS}.new ${STATUS}; rm -f /var/cache/apt/pkgcache.bin /var/cache/apt/srcpkgcache.bin`;

/** A change that dpkg had not folded in yet, and that cannot be read, is put aside. */
const PUT_ASIDE = 'mv "$1" "/var/lib/dpkg/$(basename "$1").broken-$2"';

/**
 * How dpkg's record of what is installed can be had again, from the newest copy that dpkg can read.
 *
 * @param evidence what dpkg said about it
 */
export async function planRestore(
  ground: Pick<PackageGround, 'query' | 'clock'>,
  { root }: AptCommands,
  evidence: string,
): Promise<
  readonly { title: string; mends: readonly Ailment[]; destroys: readonly string[]; commands: readonly Command[] }[]
> {
  const now = new Date(ground.clock.now()).toISOString().replace(/[-:]|\.\d+/g, '');
  const change = /'(\/var\/lib\/dpkg\/updates\/[^']+)'/.exec(evidence)?.[1];
  if (change !== undefined) {
    return [
      {
        title: `the unreadable ${change} is put aside`,
        mends: ['database'],
        destroys: [`${change} (kept as /var/lib/dpkg/*.broken-${now})`],
        commands: [root('sh', '-c', PUT_ASIDE, 'sh', change, now)],
      },
    ];
  }
  for (const backup of BACKUPS) {
    const { exitCode } = await ground.query({ file: 'sh', args: ['-c', PROBE, 'sh', backup] });
    if (exitCode !== 0) continue;
    return [
      {
        title: `dpkg's record is restored from ${backup}`,
        mends: ['database'],
        destroys: [`${STATUS} (kept as ${STATUS}.broken-${now})`],
        commands: [root('sh', '-c', RESTORE, 'sh', backup, now)],
      },
    ];
  }
  return [];
}
