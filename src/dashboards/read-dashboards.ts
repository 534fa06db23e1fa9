import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { InstallerError } from '../errors/installer-error.ts';
import type { DashboardFile } from './push-dashboards.ts';

const fileSchema = z.looseObject({ uid: z.string().min(1), title: z.string().min(1), tags: z.array(z.string()) });

/**
 * The dashboards that come with this program.
 *
 * @param folder of the `*.json` files: `dashboards` of the package
 * @throws InstallerError `config` when they cannot be read
 */
export async function readDashboards(folder: string): Promise<readonly DashboardFile[]> {
  try {
    const names = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
    return await Promise.all(
      names.map(async (name) => fileSchema.parse(JSON.parse(await readFile(join(folder, name), 'utf8')))),
    );
  } catch (cause) {
    throw new InstallerError('config', `the dashboards in ${folder} cannot be read`, {
      hint: 'this installation of the program is incomplete: install it again',
      cause,
    });
  }
}
