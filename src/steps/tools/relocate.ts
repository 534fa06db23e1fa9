import { chmod, cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/**
 * Debian builds some programs to read files of their own from a fixed folder (Alertmanager: its templates), without a flag
 * to change that. Unpacked without being installed, such a program is made to look beside itself, by a path of the same
 * length: what conda does with the prefixes inside its packages.
 */

/** Whether a program would look for its files in a folder that is not there. */
export async function lacksAssets(program: string, assets: string): Promise<boolean> {
  const there = await stat(assets).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return !there && (await readFile(program)).includes(assets);
}

/** A path of the same length as `assets`, relative to the current folder of the program, that means `assets/` there. */
export function relativeOfLength(assets: string): string {
  const padding = assets.length - 'assets'.length;
  if (padding < 2) throw new RangeError(`${assets} is too short`);
  return `${'./'.repeat(Math.floor(padding / 2))}${padding % 2 === 0 ? '' : '/'}assets`;
}

/**
 * Puts a relocated program and its files into the folder `target`, unless another run has just done so.
 *
 * @param root where the package was unpacked
 * @param member path of the program inside the package
 * @param assets absolute path of its files, as the program knows it
 * @param work folder on the same disk to build in
 * @returns text of a script that runs the program, to be placed beside `target`
 */
export async function relocateProgram(
  root: string,
  member: string,
  assets: string,
  work: string,
  target: string,
): Promise<string> {
  const built = join(work, 'relocated');
  const name = basename(member);
  await mkdir(built);
  await writeFile(
    join(built, name),
    replaceBytes(await readFile(join(root, member)), assets, relativeOfLength(assets)),
  );
  await chmod(join(built, name), 0o755);
  await cp(join(root, assets), join(built, 'assets'), { recursive: true });
  try {
    await rename(built, target);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw thrown;
    await rm(built, { recursive: true, force: true });
  }
  return `#!/bin/sh\n# The program looks for its files in the current folder.\ncd "\${0%/*}/${basename(target)}" && exec ./${name} "$@"\n`;
}

/** Both texts have the same length, so that no offset inside the program changes. */
function replaceBytes(program: Buffer, from: string, to: string): Buffer {
  const bytes = Buffer.from(program);
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + to.length)) bytes.write(to, at, 'latin1');
  return bytes;
}
