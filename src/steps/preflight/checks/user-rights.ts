import { access, constants, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Check, Finding } from '../check.ts';
import { nearestExisting } from '../nearest-folder.ts';

export interface WritableRequirement {
  id: string;
  title: string;
  /** What to do when the rights of the folder cannot be changed. */
  elsewhere: string;
}

const HOME: WritableRequirement = {
  id: 'user-rights',
  title: 'rights',
  elsewhere: 'set CONTEXTCORE_HOME to a folder that you can write',
};

/** Whether a folder can be written, or made, by this user. Nothing is written to find out. */
export function writableCheck(folder: string, { id, title, elsewhere }: WritableRequirement = HOME): Check {
  return { id, title, run: () => checkWritable(folder, elsewhere) };
}

async function checkWritable(folder: string, elsewhere: string): Promise<Finding> {
  const existing = await nearestExisting(folder);
  const { uid } = await stat(existing);
  try {
    await access(existing, constants.W_OK | constants.X_OK);
    return { level: 'ok', message: `${folder} can be written` };
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    const readOnly = code === 'EROFS';
    const me = userInfo();
    const own = `sudo chown -R ${me.username} ${existing}`;
    return {
      level: 'error',
      message: `${folder} cannot be written: ${readOnly ? 'its file system is read-only' : `${existing} belongs to uid ${uid}`}`,
      hint: readOnly || existing !== folder ? elsewhere : own,
    };
  }
}
