/** What kind of trouble the evidence (errno, HTTP status, known output) points to; decides whether a retry can help. */
export const ERROR_CLASSES = [
  'network_timeout',
  'network_reset',
  'dns',
  'tls',
  'rate_limited',
  'server_error',
  'not_found',
  'unauthorized',
  'checksum',
  'disk_full',
  'lock_held',
  'broken_state',
  'not_runnable',
  'cancelled',
  'unknown',
] as const;

export type ErrorClass = (typeof ERROR_CLASSES)[number];

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
