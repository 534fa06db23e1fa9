import { existsSync } from 'node:fs';
import type { SpawnRequest } from '../engine/ports.ts';
import { InstallerError } from '../errors/installer-error.ts';

/** Says why a program could not be started. @param cause error of the system, with its code */
export function notRunnable({ file, cwd }: SpawnRequest, cause: unknown): InstallerError {
  const code = (cause as NodeJS.ErrnoException).code;
  const absent = file.includes('/') ? 'there is no such file' : 'it is not on the PATH';
  const noFolder = cwd !== undefined && !existsSync(cwd);
  const noFile = noFolder ? `its working folder ${cwd} is not there` : absent;
  const why = code === 'ENOENT' || noFolder ? noFile : (cause as Error).message;
  return new InstallerError('step_failed', `cannot run ${file}: ${why}`, { class: 'not_runnable', cause });
}
