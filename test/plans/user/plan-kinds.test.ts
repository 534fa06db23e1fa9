import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { InstallerError } from '../../../src/errors/installer-error.ts';
import { KINDS } from '../../../src/plans/user/kinds/all-kinds.ts';
import { loadPlan } from '../../../src/plans/user/load-plan.ts';
import { planJsonSchema } from '../../../src/plans/user/plan-schema.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

async function load(text: string) {
  const path = join(await makeTempFolder(), 'plan.yaml');
  await writeFile(path, text);
  return await loadPlan(path);
}

async function refusal(text: string): Promise<InstallerError> {
  const error = await load(text).then(
    () => undefined,
    (thrown: InstallerError) => thrown,
  );
  if (error?.code !== 'config') throw new Error(`should have been refused: ${error}`);
  return error;
}

describe('a step of a plan', () => {
  it('is a command or one of the kinds, with commands of its own to look and to take back', async () => {
    const { plan } = await load(`
steps:
  - { id: a, run: 'true' }
  - { id: b, script: setup.py, check: test -f done, rollback: rm done, attempts: 2 }
  - { id: c, script: { file: setup.sh, args: [1, two] } }
`);
    const [a, b, c] = plan.steps;
    expect(a?.observe).toBeUndefined();
    expect(b).toMatchObject({ id: 'b', title: 'b', policy: { attempts: 2 } });
    expect(b?.policy?.retryOn).toContain('unknown');
    expect(b?.policy?.retryOn).not.toContain('not_found');
    expect([typeof b?.observe, typeof b?.rollback, typeof c?.observe]).toEqual(['function', 'function', 'undefined']);
    expect(c?.needs?.map(({ id }) => id)).toEqual(['b']);
  });

  it.each([
    ['has none', 'id: a', /plan\.yaml:2: steps\.0: the step "a" says not what to do/, 'exactly one of run, '],
    ['has two', 'id: a\n    run: x\n    script: y', /plan\.yaml:4: .*has both run and script/, 'exactly one of'],
    [
      'has a mistyped kind',
      'id: a\n    scrpt: y',
      /plan\.yaml:3: steps\.0\.scrpt: is not known/,
      'did you mean script?',
    ],
    ['has a strange key', 'id: a\n    qqqqqqqq: y', /plan\.yaml:3: /, 'known here: id, title'],
    [
      'has a mistyped key inside its kind',
      'id: a\n    script:\n      file: x\n      agrs: []',
      /plan\.yaml:5: steps\.0\.script\.agrs: is not known/,
      'did you mean args?',
    ],
    ['gives a kind nothing it takes', 'id: a\n    script: [x]', /plan\.yaml:3: steps\.0\.script: /, undefined],
    [
      'gives a key a wrong type',
      'id: a\n    run: {}',
      /plan\.yaml:3: steps\.0\.run: must be a shell command/,
      undefined,
    ],
  ])('that %s is refused with file and line', async (_name, step, message, hint) => {
    const error = await refusal(`steps:\n  - ${step}\n`);
    expect(error.message).toMatch(message);
    if (hint !== undefined) expect(error.details.hint).toContain(hint);
  });

  it('retries what it is told to', async () => {
    const { plan } = await load('steps: [{ id: a, run: x, attempts: 3, retry_on: [network_reset] }]');
    expect(plan.steps[0]?.policy).toEqual({ attempts: 3, retryOn: ['network_reset'] });
    const error = await refusal('steps: [{ id: a, run: x, retry_on: [weather] }]');
    expect(error.message).toContain('steps.0.retry_on.0');
  });
});

describe('kinds', () => {
  it.each(Object.entries(KINDS))('%s has the key it is found by, and takes no unknown keys', async (key, load) => {
    const kind = await load();
    expect(kind.key).toBe(key);
    expect(kind.schema.safeParse({ surelyNotKnown: 1 }).error?.issues.some((i) => i.code === 'unrecognized_keys')).toBe(
      true,
    );
    if (kind.shorthand !== undefined) expect(Object.keys(kind.schema.shape)).toContain(kind.shorthand);
  });
});

describe('schemas/plan.schema.json', () => {
  const published = async () =>
    JSON.parse(await readFile(new URL('../../../schemas/plan.schema.json', import.meta.url), 'utf8')) as object;

  it('is what the code says (else: npm run schemas)', async () => {
    expect(await published()).toEqual(JSON.parse(JSON.stringify(await planJsonSchema())));
  });

  it('takes what the loader takes, and no more', async () => {
    const takes = new Ajv2020({ strict: false, validateFormats: false }).compile(await published());
    expect(takes(parse('steps: [{ id: a, run: x }, { id: b, script: y }, { id: c, script: { file: z } }]'))).toBe(true);
    for (const bad of ['{ id: a }', '{ id: a, run: x, script: y }', '{ id: a, script: { flie: x } }']) {
      expect(takes(parse(`steps: [${bad}]`)), bad).toBe(false);
    }
  });
});
