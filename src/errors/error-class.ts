/**
 * The kinds of trouble that evidence (errno, HTTP status, exit code, known output: evidence.ts) points to, with what
 * each means; they decide whether a retry can help.
 */
export const CLASS_MEANINGS = {
  network_timeout: 'Nobody answered in time.',
  network_reset: 'The connection was refused, or broke.',
  dns: 'A name could not be resolved.',
  tls: 'The certificate or the key of the peer was not accepted, or no encrypted connection came about.',
  rate_limited: 'The server wants fewer requests.',
  server_error: 'The server failed (5xx).',
  not_found: 'What was asked for is not there.',
  unauthorized: 'Credentials or rights are missing, or wrong.',
  checksum: 'Content is not what was promised: its sum, size, signature or age.',
  disk_full: 'No room is left on a disk, or in a quota.',
  lock_held: 'Another process holds a lock, or uses the file.',
  broken_state: 'An earlier failure left something half done, which a repair can mend.',
  not_runnable: 'A program is missing, not executable, made for another machine, or called wrongly.',
  cancelled: 'Somebody ended it.',
  unknown: 'Nothing that is seen tells what it is.',
} as const;

export type ErrorClass = keyof typeof CLASS_MEANINGS;

export const ERROR_CLASSES = Object.keys(CLASS_MEANINGS) as readonly ErrorClass[];

/** Known to pass by themselves; everything else stops at once unless a step's policy says otherwise. */
export const TRANSIENT_CLASSES: readonly ErrorClass[] = [
  'network_timeout',
  'network_reset',
  'dns',
  'rate_limited',
  'server_error',
  'lock_held',
];

/** What may be tried again where somebody asks for it: all but what is known to be for good. */
export const RETRYABLE_CLASSES: readonly ErrorClass[] = [...TRANSIENT_CLASSES, 'broken_state', 'unknown'];
