import type { ImageReference } from '../reference.ts';

/** What taking one image for another means, from nothing to everything. */
export const CHANGES = ['same', 'patch', 'minor', 'major', 'other'] as const;
export type Change = (typeof CHANGES)[number];

/** In the user's words. */
export const CHANGE_NAMES: Readonly<Record<Change, string>> = {
  same: 'the same version',
  patch: 'patch version',
  minor: 'minor version',
  major: 'major version',
  other: 'another product',
};

/** A version with what is behind it: `v1.17.0-rolling-daily`. */
const VERSION = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?((?:[.+_-]?[A-Za-z][\w.+-]*|[.+_-][\w.+-]*)?)$/;

/**
 * Names the change from one image to another by their tags. What cannot be compared, such as `latest`, may be any
 * version: a major change. Another build of the same version (`-alpine`, `-rolling-daily`) is a patch, as is a tag that
 * follows patches (`1.20` for `1.20.1`).
 *
 * @param sameProduct whether the two have versions of the same product
 */
export function nameChange(from: ImageReference, to: ImageReference, sameProduct: boolean): Change {
  if (!sameProduct) return 'other';
  if (from.digest !== undefined && from.digest === to.digest) return 'same';
  if (from.tag !== undefined && from.tag === to.tag) return 'same';
  const [before, after] = [readVersion(from.tag), readVersion(to.tag)];
  if (before === undefined || after === undefined) return 'major';
  if (before.major !== after.major) return 'major';
  if (before.minor !== after.minor) return 'minor';
  if (before.patch !== after.patch) return 'patch';
  return before.suffix === after.suffix ? 'same' : 'patch';
}

/** Whether a change is at most as large as another. */
export function isWithin(change: Change, allowed: Change): boolean {
  return CHANGES.indexOf(change) <= CHANGES.indexOf(allowed);
}

function readVersion(tag: string | undefined) {
  const match = VERSION.exec(tag ?? '');
  if (match === null) return undefined;
  const [, major, minor, patch, suffix] = match;
  return { major, minor, patch, suffix };
}
