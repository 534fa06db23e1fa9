import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { orderSteps } from '../../../src/engine/plan.ts';
import type { InstallerError } from '../../../src/errors/installer-error.ts';
import { loadPlan } from '../../../src/plans/user/load-plan.ts';
import { manifestJsonSchema, moduleJsonSchema } from '../../../src/plans/user/module-schema.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

/** Writes files and loads the folder as a plan. */
async function load(files: Record<string, string>, path = '.') {
  const folder = join(await makeTempFolder(), 'My runtime');
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), text);
  }
  return await loadPlan(join(folder, path));
}

const BASE = { 'base/module.yaml': 'install: ./install.sh' };
const SERVER = `
name: server
version: 1.4
needs: [base]
secrets: [TOKEN]
attempts: 2
steps:
  - { id: fetch, wait: 'file:x' }
  - { id: unpack, run: ./unpack, rollback: ./remove }
  - { id: check, needs: [fetch], run: ./check, attempts: 1 }
`;

describe('a module manifest', () => {
  it('is a plan: a step for each module, or its own steps, after what the module needs', async () => {
    const { plan, secrets, path } = await load({
      'modules.yaml': 'modules:\n  - path: extra\n    optional: true\n  - server\n  - base\nconcurrency: 3',
      'server/module.yaml': SERVER,
      'extra/module.yaml': 'needs: [server]\ninstall: x\nuninstall: y\ncheck: z',
      ...BASE,
    });
    expect(plan.name).toBe('my-runtime');
    expect(path.endsWith('modules.yaml')).toBe(true);
    expect(secrets).toEqual(['TOKEN']);
    const needs = Object.fromEntries(plan.steps.map((step) => [step.id, step.needs?.map(({ id }) => id)]));
    expect(needs).toEqual({
      extra: ['server.fetch', 'server.unpack', 'server.check'],
      'server.fetch': ['base'],
      'server.unpack': ['base', 'server.fetch'],
      'server.check': ['base', 'server.fetch'],
      base: [],
    });
    const [extra, , unpack, check] = plan.steps;
    expect([extra?.severity, unpack?.severity]).toEqual(['optional', 'critical']);
    expect([typeof extra?.rollback, typeof extra?.observe, typeof unpack?.rollback]).toEqual(Array(3).fill('function'));
    expect([unpack?.policy?.attempts, check?.policy?.attempts]).toEqual([2, 1]);
    expect((await unpack?.inputs?.())?.version).toBe('1.4');
  });

  it('may be a file of any name, or JSON', async () => {
    const list = 'name: other\nmodules: [base]';
    expect((await load({ 'all.yaml': list, ...BASE }, 'all.yaml')).plan.name).toBe('other');
    const json = { 'modules.json': '{"modules": ["base"]}', 'base/module.json': '{"install": "true"}' };
    expect((await load(json)).plan.steps.map(({ id }) => id)).toEqual(['base']);
  });

  const list = (...names: string[]) => ({
    'modules.yaml': `modules:\n${names.map((name) => `  - ${name}\n`).join('')}`,
  });
  it.each<[string, Record<string, string>, RegExp, string?]>([
    ['a module that is not there', list('base', 'gone'), /modules\.yaml:3: there is no gone\/module\.yaml/],
    [
      'a need that is not there',
      { ...list('base', 'a'), 'a/module.yaml': 'install: x\nneeds:\n  - bsae' },
      /a\/module\.yaml:3: the module "a" needs "bsae"/,
      'did you mean base?',
    ],
    [
      'two of one name',
      { ...list('base', 'a'), 'a/module.yaml': 'name: base\ninstall: x' },
      /two modules have the name "base"/,
    ],
    ['nothing to do', { ...list('a'), 'a/module.yaml': 'version: 1' }, /the module "a" has either install or steps/],
    [
      'too much to do',
      { ...list('a'), 'a/module.yaml': 'install: x\nsteps: [{ id: b, run: x }]' },
      /either install or steps/,
    ],
    [
      'a check beside steps',
      { ...list('a'), 'a/module.yaml': 'check: x\nsteps: [{ id: b, run: x }]' },
      /module\.yaml:1: check belongs to install/,
    ],
    [
      'a mistyped key',
      { ...list('a'), 'a/module.yaml': 'version: 1\nintsall: x' },
      /module\.yaml:2: intsall: is not known/,
      'did you mean install?',
    ],
    [
      'a wrong step',
      { ...list('a'), 'a/module.yaml': 'steps:\n  - id: b\n    wait: {}' },
      /module\.yaml:3: steps\.0\.wait: takes a target/,
    ],
    ['no modules', { 'modules.yaml': 'modules: []' }, /modules\.yaml:1: modules: /],
  ])('with %s is refused, with file and line', async (_name, files, message, hint) => {
    const error: InstallerError = await load({ ...BASE, ...files }).then(
      () => expect.unreachable(),
      (thrown) => thrown as InstallerError,
    );
    expect(error.message).toMatch(message);
    expect(error.exitCode).toBe(2);
    if (hint !== undefined) expect(error.details.hint).toBe(hint);
  });

  it('whose modules need each other in a circle is refused by the engine, with the path', async () => {
    const { plan } = await load({
      'modules.yaml': 'modules: [a, b]',
      'a/module.yaml': 'install: x\nneeds: [b]',
      'b/module.yaml': 'install: x\nneeds: [a]',
    });
    expect(() => orderSteps(plan)).toThrow('in a circle: a -> b -> a');
  });
});

describe('published schemas of modules', () => {
  const published = async (name: string) =>
    JSON.parse(await readFile(new URL(`../../../schemas/${name}.schema.json`, import.meta.url), 'utf8')) as object;

  it('are what the code says (else: npm run schemas)', async () => {
    expect(await published('modules')).toEqual(JSON.parse(JSON.stringify(manifestJsonSchema())));
    expect(await published('module')).toEqual(JSON.parse(JSON.stringify(moduleJsonSchema())));
  });

  it('take what the loader takes', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema(await published('plan'), 'plan.schema.json');
    const takes = ajv.compile(await published('module'));
    expect(takes(parse(SERVER)), JSON.stringify(takes.errors)).toBe(true);
    expect(takes(parse('version: 1'))).toBe(false);
    expect(takes(parse('install: x\nsteps: [{ id: b, run: x }]'))).toBe(false);
  });
});
