import { readFileSync } from 'node:fs';

/** Version of the package, which stands two folders above, in the repository as in the npm package. */
export function readVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
