import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { InstallerError } from '../../errors/installer-error.ts';
import { isTemporaryOf, writeDurably } from '../../system/durable-file.ts';
import type { ClusterConfig, Ownership } from '../provider.ts';
import { readIfThere } from './files.ts';

const MARK = '.contextcore.json';

const markSchema = z.object({
  made_by: z.literal('contextcore-installer'),
  provider: z.literal('host'),
  cluster: z.string(),
  install_id: z.string().min(1),
  created_at: z.string(),
});

export interface Finding {
  owner: Ownership;
  installId?: string;
  reason: string;
}

type Place = Pick<ClusterConfig, 'cluster' | 'dataDir'>;

/** Whose the data folder is, by the mark inside it. */
export async function readMark({ cluster, dataDir }: Place): Promise<Finding> {
  let names: readonly string[];
  let text: string | undefined;
  try {
    // What is left of a mark by a run that was killed as it wrote it is nobody's.
    names = (await readdir(dataDir)).filter((name) => !isTemporaryOf(MARK, name));
    text = await readIfThere(fileIn(dataDir));
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
    if (code === 'ENOENT') return { owner: 'absent', reason: `there is no ${dataDir}` };
    return { owner: 'unknown', reason: `${dataDir} cannot be read: ${code}` };
  }
  if (text === undefined) {
    return names.length === 0
      ? { owner: 'absent', reason: `${dataDir} is empty` }
      : { owner: 'foreign', reason: `${dataDir} holds files, but no mark of this installer` };
  }
  const mark = parseMark(text);
  if (mark === undefined) return { owner: 'foreign', reason: `${fileIn(dataDir)} is no mark of this installer` };
  if (mark.cluster !== cluster) {
    return { owner: 'foreign', reason: `${dataDir} belongs to the cluster ${mark.cluster}` };
  }
  return { owner: 'ours', installId: mark.install_id, reason: `${dataDir} bears the mark of this installer` };
}

/** Marks the folder as made by this installation, before anything else is put into it. */
export async function writeMark(config: Place & Pick<ClusterConfig, 'installId'>, at: Date): Promise<void> {
  const mark: z.infer<typeof markSchema> = {
    made_by: 'contextcore-installer',
    provider: 'host',
    cluster: config.cluster,
    install_id: config.installId,
    created_at: at.toISOString(),
  };
  const left = (await readdir(config.dataDir)).filter((name) => isTemporaryOf(MARK, name));
  for (const name of left) await rm(join(config.dataDir, name), { force: true });
  await writeDurably(fileIn(config.dataDir), `${JSON.stringify(mark, null, 2)}\n`);
}

/**
 * Tells whether this very installation has made the folder.
 *
 * @returns false when there is nothing yet
 * @throws InstallerError `not_ours` for another's folder, and when it cannot be told
 */
export async function isOwn(config: Place & Pick<ClusterConfig, 'installId'>): Promise<boolean> {
  const found = await readMark(config);
  if (found.owner === 'absent') return false;
  if (found.owner === 'ours' && found.installId === config.installId) return true;
  const marked = found.owner === 'ours';
  const reason = marked ? `${config.dataDir} was made by another installation` : found.reason;
  const rebuild = `if only its state was lost: contextcore-install rebuild-state --cluster ${config.cluster} --from URL`;
  throw new InstallerError('not_ours', `${reason}; nothing was changed`, {
    hint: `choose another --cluster NAME, or move that folder away${marked ? `; ${rebuild}` : ''}`,
  });
}

function parseMark(text: string): z.infer<typeof markSchema> | undefined {
  try {
    return markSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function fileIn(dataDir: string): string {
  return join(dataDir, MARK);
}
