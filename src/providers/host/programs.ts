import { access, constants, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { StepContext } from '../../engine/step.ts';
import type { FoundProgram } from '../../steps/tools/find-program.ts';
import { writeDurably } from '../../system/durable-file.ts';

const factsSchema = z.object({
  /** Absolute. */
  path: z.string(),
  version: z.string(),
  /** Argument that switches the OTLP receiver on; empty: this build has none, or it is no Prometheus. */
  otlp_flag: z.string(),
});
const programsSchema = z.object({ prometheus: factsSchema.optional(), alertmanager: factsSchema.optional() });

/** What is known of an installed program; asked of the program itself. */
export type ProgramFacts = z.infer<typeof factsSchema>;
export type Programs = z.infer<typeof programsSchema>;

/** Asks a program what it can do. Debian's Prometheus, for one, is built without the OTLP receiver. */
export async function askProgram(ctx: Pick<StepContext, 'query'>, program: FoundProgram): Promise<ProgramFacts> {
  const { path, version, name } = program;
  if (name !== 'prometheus') return { path, version, otlp_flag: '' };
  const { stdout, stderr } = await ctx.query({ file: path, args: ['--help'], timeoutMs: 10_000 });
  return { path, version, otlp_flag: otlpFlagOf(`${stdout}\n${stderr}`) };
}

/** Since 3.0 it is a flag, from 2.47 to 2.55 it was a feature; before, there was none. */
export function otlpFlagOf(help: string): string {
  if (/--(\[no-\])?web\.enable-otlp-receiver/.test(help)) return '--web.enable-otlp-receiver';
  return help.includes('otlp-write-receiver') ? '--enable-feature=otlp-write-receiver' : '';
}

/** The programs that this installation runs; kept in its data folder, so that they are known without the state. */
export async function readPrograms(dataDir: string): Promise<Programs> {
  try {
    return programsSchema.parse(JSON.parse(await readFile(fileIn(dataDir), 'utf8')));
  } catch {
    // Not there yet, or not readable: then they are looked for again.
    return {};
  }
}

export async function writePrograms(dataDir: string, programs: Programs): Promise<void> {
  await writeDurably(fileIn(dataDir), `${JSON.stringify(programs, null, 2)}\n`);
}

/** Of `names`, those whose program is not known or not there any more. */
export async function missingPrograms(
  programs: Programs,
  names: readonly (keyof Programs)[],
): Promise<readonly (keyof Programs)[]> {
  const usable = await Promise.all(names.map((name) => isExecutable(programs[name]?.path)));
  return names.filter((_name, index) => usable[index] === false);
}

async function isExecutable(path: string | undefined): Promise<boolean> {
  if (path === undefined) return false;
  return await access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

function fileIn(dataDir: string): string {
  return join(dataDir, 'programs.json');
}
