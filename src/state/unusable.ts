import { InstallerError } from '../errors/installer-error.ts';
import { STATE_VERSION } from './version.ts';

const WRITE_HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'free some space, then carry on: the same command with --resume',
  EDQUOT: 'free some space of this user, then carry on: the same command with --resume',
  EROFS: 'set CONTEXTCORE_HOME to a folder that can be written',
  EACCES: 'make the folder writable for this user, or set CONTEXTCORE_HOME to another one',
  EPERM: 'make the folder writable for this user, or set CONTEXTCORE_HOME to another one',
  ENOTDIR: 'set CONTEXTCORE_HOME to a folder',
  EEXIST: 'set CONTEXTCORE_HOME to a folder',
  EMFILE: 'raise the limit of open files (ulimit -n)',
  EIO: 'the disk reports errors: look at the system log before anything else',
};

/** The errno name of anything thrown by a system call. */
export function errnoOf(thrown: unknown): string | undefined {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  return typeof code === 'string' ? code : undefined;
}

/** The error for a state that cannot be read or trusted; nothing was changed. */
export function stateUnusable(message: string, hint: string, cause?: unknown): InstallerError {
  return new InstallerError('state_unusable', message, { hint, class: 'broken_state', cause });
}

/** The error for a state that cannot be written; what was recorded before stays readable. */
export function cannotWrite(path: string, thrown: unknown): InstallerError {
  if (thrown instanceof InstallerError) return thrown;
  const errno = errnoOf(thrown);
  const why = thrown instanceof Error ? thrown.message : String(thrown);
  const full = errno === 'ENOSPC' || errno === 'EDQUOT';
  return new InstallerError('state_unusable', `the state cannot be written to ${path}: ${why}`, {
    hint: WRITE_HINTS[errno ?? ''] ?? 'what was recorded before stays readable (--status)',
    class: full ? 'disk_full' : 'broken_state',
    cause: thrown,
  });
}

/** The error for a file of a later version, which is left alone. @param what the version, as far as it is known */
export function newerVersion(path: string, what: string): InstallerError {
  return stateUnusable(
    `${path} was written by a newer installer (${what}; this one knows up to ${STATE_VERSION})`,
    'nothing was changed: use that installer, or update this one',
  );
}
