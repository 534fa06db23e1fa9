/** Shell lines that put a command on special ground; each needs root and leaves nothing behind. */

/** A line in double quotes, with its inner single quotes changed so that it fits into single ones. */
export const nested = (line: string): string => line.replaceAll("'", '\\`');

/** In a network without any route. */
export const withoutRoutes = (line: string): string => `unshare -n sh -c '${line}'`;

/** In a network where 192.0.2.1 is answered with "host unreachable". */
export const toUnreachable = (line: string): string =>
  `unshare -n sh -c 'ip link set lo up; ip route add unreachable 192.0.2.0/24; ${line}'`;

/** With a folder `small` of 64 KiB. */
export const withSmallDisk = (line: string): string =>
  `unshare -m sh -c 'mkdir small; mount -t tmpfs -o size=64k none small; ${line}'`;

/** As a user without rights. */
export const asNobody = (line: string): string => `setpriv --reuid=65534 --regid=65534 --clear-groups sh -c '${line}'`;
