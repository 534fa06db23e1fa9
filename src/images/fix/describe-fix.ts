import type { Fix } from './plan-fixes.ts';
import { CHANGE_NAMES, type Change, isWithin } from './version-change.ts';

/** `nginx:1.20.1 -> nginx:1.20: patch version`. */
export function describeFix({ image, to, change, unpins }: Fix): string {
  return `${image.text} -> ${to}: ${CHANGE_NAMES[change]}${unpins ? ', pinned to another digest' : ''}`;
}

/**
 * The fixes to ask for before anything is written: more than is allowed, pins that move, and what may only need a login.
 *
 * @param allowed the largest change that needs no word
 */
export function fixesToAskFor(fixes: readonly Fix[], allowed: Change): readonly Fix[] {
  return fixes.filter((fix) => fix.unpins || fix.mayNeedLogin || !isWithin(fix.change, allowed));
}
