import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTempFolder } from '../../support/temp-folder.ts';

const LOADER = new URL('../../../src/plans/user/load-plan.ts', import.meta.url).href;
/** Tells every module that loading a plan imports. */
const TELL = `
import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) { console.log(url); return next(url, context); } });
const { loadPlan } = await import(${JSON.stringify(LOADER)});
await loadPlan(process.argv[1]);
`;

async function loadedFor(plan: string): Promise<string> {
  const path = join(await makeTempFolder(), 'plan.yaml');
  await writeFile(path, plan);
  return execFileSync(process.execPath, ['--input-type=module', '-e', TELL, path], { encoding: 'utf8' });
}

it('a plan loads the kinds that it uses, and no other', async () => {
  const plain = await loadedFor('steps: [{ id: a, run: x }]');
  expect(plain).toContain('load-plan.ts');
  expect(plain).not.toMatch(/kinds\/(?!all-kinds)|steps\/(?!command|observe-missing)|\/zod\//);
  const waits = await loadedFor('steps: [{ id: a, wait: file:x }]');
  expect(waits).toContain('kinds/wait.ts');
  expect(waits).not.toMatch(/kinds\/(git|ssh|compose|preflight)\.ts|steps\/(git|ssh|compose|preflight)\//);
});
