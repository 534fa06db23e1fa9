/** Version of the state document that this installer writes. A higher minor or major one is refused, a lower one migrated. */
export const STATE_VERSION = '1.1';

/**
 * How a document's version relates to ours.
 *
 * @returns `bad` for anything but MAJOR.MINOR from 1.0 on
 */
export function judgeVersion(version: unknown): 'current' | 'older' | 'newer' | 'bad' {
  const found = typeof version === 'string' ? /^(\d{1,6})\.(\d{1,6})$/.exec(version) : null;
  if (found === null) return 'bad';
  const [major, minor] = [Number(found[1]), Number(found[2])];
  const [ourMajor, ourMinor] = STATE_VERSION.split('.').map(Number) as [number, number];
  if (major < 1) return 'bad';
  if (major === ourMajor && minor === ourMinor) return 'current';
  return major > ourMajor || (major === ourMajor && minor > ourMinor) ? 'newer' : 'older';
}
