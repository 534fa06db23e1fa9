import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Version of the package, which stands two folders above, in the repository as in the npm package. */
export function readVersion(): string {
  const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
