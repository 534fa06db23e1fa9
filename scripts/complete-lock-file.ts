/**
 * Adds the platform packages to package-lock.json that npm left out.
 *
 * npm drops an optional package from the lock file when the registry at hand does not serve it, and `npm ci` then
 * refuses the lock file everywhere. Their versions are exact in the parent's manifest, so nothing is guessed; the
 * checksum stays open until an `npm install` that can reach them fills it in.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { completeLockFile, type LockFile } from './lock-file.ts';

const path = fileURLToPath(new URL('../package-lock.json', import.meta.url));
const lock = JSON.parse(readFileSync(path, 'utf8')) as LockFile;
const added = completeLockFile(lock);
if (added.length > 0) {
  writeFileSync(`${path}.new`, `${JSON.stringify(lock, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}
console.error(`package-lock.json: ${added.length} platform packages added`);
