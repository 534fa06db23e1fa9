import { join } from 'node:path';

/** Path of a folder that ships with the package (k8s, dashboards, schemas): two folders above this one, as is dist/system. */
export function packageFolder(name: string): string {
  return join(import.meta.dirname, '../..', name);
}
