import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { InstallerError } from '../../errors/installer-error.ts';
import { packageFolder } from '../../system/package-folder.ts';
import { readYamlFile } from '../../system/yaml-file.ts';
import { parseReference } from '../reference.ts';

const reference = z.string().refine(isReference, 'is not an image reference');
const source = z.url().describe('where the tags were read').optional();
const unverified = z.boolean().describe('true: nobody has asked the registry itself for it').optional();

const link = z.strictObject({
  image: reference.describe('without a tag: the tag and digest that were asked for'),
  same_product: z
    .boolean()
    .describe('whether it is the same product, though of another repository; default: when it has no tag')
    .optional(),
  source,
  unverified,
  note: z.string().optional(),
});
const chain = z.strictObject({
  image: reference.describe('what a file asks for; without a tag: every tag'),
  fallbacks: z.array(link).min(1).describe('tried in this order'),
  source,
  unverified,
  note: z.string().optional(),
});

/** A file of chains, as schemas/image-chains.schema.json publishes it. */
export const chainFileSchema = z
  .strictObject({ version: z.literal(1), chains: z.array(chain) })
  .describe('what to take when an image is gone, best first');

export type Chain = z.infer<typeof chain>;
export type ChainLink = z.infer<typeof link>;

const FILE_NAME = 'image-chains.yaml';

/**
 * Reads the chains: those of the files given, then the user's own in the home, then those that ship with the program.
 *
 * @param home $CONTEXTCORE_HOME
 * @param files of `--chains`
 * @throws InstallerError `config` naming the file and the line of what is wrong
 */
export function readChains(home: string, files: readonly string[]): readonly Chain[] {
  const own = join(home, FILE_NAME);
  const paths = [...files, ...(existsSync(own) ? [own] : []), shippedChains()];
  return paths.flatMap((path) => readChainFile(path));
}

/** Path of the chains that ship with the program. */
export function shippedChains(): string {
  return join(packageFolder('data'), FILE_NAME);
}

function readChainFile(path: string): readonly Chain[] {
  const file = readYamlFile(path, 'image chains');
  const parsed = chainFileSchema.safeParse(file.content);
  if (parsed.success) return parsed.data.chains;
  const [issue] = parsed.error.issues;
  const keys = (issue?.path ?? []).filter((key) => typeof key !== 'symbol');
  throw new InstallerError('config', `${file.where(keys)}: ${keys.join('.') || 'the file'}: ${issue?.message}`, {
    hint: 'docs/images.md shows how a chain is written',
  });
}

function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}
