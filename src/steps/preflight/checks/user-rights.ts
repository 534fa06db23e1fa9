import { access, constants, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import type { Check, Finding } from '../check.ts';
import { nearestExisting } from '../nearest-folder.ts';

/** Whether a folder can be written, or made, by this user. Nothing is written to find out. */
export function writableCheck(folder: string): Check {
  return { id: 'user-rights', title: 'rights', run: () => checkWritable(folder) };
}

async function checkWritable(folder: string): Promise<Finding> {
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
      hint: `${readOnly || existing !== folder ? 'set CONTEXTCORE_HOME to a folder that you can write' : own}`,
    };
  }
}
