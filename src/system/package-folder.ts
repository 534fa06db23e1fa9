import { fileURLToPath } from 'node:url';

/** Path of a folder that ships with the package (k8s, dashboards, schemas): two folders above this one, as is dist/system. */
export function packageFolder(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}
