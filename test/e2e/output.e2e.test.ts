import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { cliEnvironment, entryOf, makeGround } from '../support/cli.ts';
import { linesOf, writeFile } from '../support/cli-files.ts';
import { covers } from './interface.ts';

const PLAN = `
name: out
steps:
  - { id: chatty, run: 'echo to the log; echo also >&2' }
  - { id: weak, run: 'echo broken; exit 3', optional: true }
  - { id: last, run: 'true', check: 'test -f nothing' }
`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
const ESCAPES = /\u001b/;

function makePlan() {
  const ground = makeGround();
  return { ...ground, plan: writeFile(ground.folder, 'out.yaml', PLAN) };
}

describe('output', () => {
  test(`--json writes events as the schema says, and nothing else, to stdout ${covers('--json')}`, async () => {
    const { install, plan } = makePlan();
    const { exitCode, stdout, stderr } = await install(['run', plan, '--json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; step?: string });
    const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../../schemas/events.schema.json'), 'utf8'));
    const validate = new Ajv2020({ strict: false }).compile(schema);
    const invalid = events.filter((event) => !validate(event));
    expect(invalid).toEqual([]);
    expect(events[0]?.type).toBe('run_started');
    expect(events.at(-1)).toMatchObject({ type: 'run_finished', result: 'success' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'step_finished', step: 'weak', status: 'failed' }));
  });

  test(`progress goes to stderr; --quiet is silent but for what went wrong, --verbose tells more ${covers('--quiet', '--verbose')}`, async () => {
    const { install, plan, folder } = makePlan();
    const plain = await install(['run', plan]);
    expect(plain.stdout).toBe('');
    expect(plain.stderr).toMatch(/chatty +done/);
    const verbose = await install(['run', plan, '--verbose']);
    expect(verbose.stderr.length).toBeGreaterThan(plain.stderr.length);
    const good = writeFile(folder, 'good.yaml', 'steps: [{ id: a, run: "echo hello" }]\n');
    expect(await install(['run', good, '--quiet'])).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    const bad = writeFile(folder, 'bad.yaml', 'steps: [{ id: a, run: "echo reason; exit 9" }]\n');
    const failed = await install(['run', bad, '--quiet']);
    expect(failed.exitCode).toBe(1);
    expect(failed.stderr).toContain('reason');
    expect(failed.stderr.match(/exited with 9/g)).toHaveLength(1);
  });

  test(`colours: FORCE_COLOR, NO_COLOR, --no-color, and none in a pipe ${covers('--no-color', 'NO_COLOR')}`, async () => {
    const { install, plan } = makePlan();
    const force = { FORCE_COLOR: '1' };
    expect((await install(['run', plan])).stderr).not.toMatch(ESCAPES);
    expect((await install(['run', plan], { env: force })).stderr).toMatch(ESCAPES);
    expect((await install(['run', plan, '--no-color'], { env: force })).stderr).not.toMatch(ESCAPES);
    expect((await install(['run', plan], { env: { ...force, NO_COLOR: '1' } })).stderr).not.toMatch(ESCAPES);
    expect((await install(['status', plan], { env: { NO_COLOR: '1' } })).stdout).not.toMatch(ESCAPES);
  });

  test(`a reader that goes away ends nothing ${covers('run')}`, async () => {
    const { folder, home } = makeGround();
    const plan = writeFile(
      folder,
      'many.yaml',
      `steps:\n${Array.from({ length: 30 }, (_, n) => `  - { id: s${n}, run: 'echo ${n} >> effects' }`).join('\n')}\n`,
    );
    const run = (args: string) =>
      spawnSync('sh', ['-c', `"${process.execPath}" "${entryOf('contextcore-install')}" ${args}`], {
        cwd: folder,
        env: cliEnvironment({ home }),
        encoding: 'utf8',
      });
    expect(run(`run ${plan} --json 2>err | head -n 1; cat err`).stdout).toMatch(/^{[^\n]*run_started[^\n]*}\n$/);
    expect(linesOf(join(folder, 'effects'))).toHaveLength(30);
    for (const args of ['--help', `status ${plan}`, `status ${plan} --json`, 'completion']) {
      expect(run(`${args} 2>err | true; cat err`), args).toMatchObject({ stdout: '', stderr: '' });
    }
  });

  test.skipIf(!existsSync('/dev/full'))(`a full disk loses no answer unseen (needs /dev/full)`, async () => {
    const { folder, home } = makeGround();
    const plan = writeFile(folder, 'out.yaml', "steps:\n  - { id: only, run: 'echo done >> effects' }\n");
    const run = (program: Parameters<typeof entryOf>[0], args: string) =>
      spawnSync('sh', ['-c', `"${process.execPath}" "${entryOf(program)}" ${args} > /dev/full`], {
        cwd: folder,
        env: cliEnvironment({ home }),
        encoding: 'utf8',
      });
    const lost = { status: 1, stderr: expect.stringMatching(/could not be written to stdout: ENOSPC.*\n$/) };
    expect(run('contextcore-install', `run ${plan} --json`)).toMatchObject(lost);
    expect(linesOf(join(folder, 'effects'))).toEqual(['done']);
    for (const args of ['--help', 'run --help', '--version', `status ${plan} --json`, 'completion'])
      expect(run('contextcore-install', args), args).toMatchObject(lost);
    expect(run('create-cluster', '--status --json')).toMatchObject(lost);
  });

  test(`--help, --version and completion answer without a home ${covers('--help', '--version', 'completion')}`, async () => {
    const { install, createCluster } = makeGround();
    const [help, version, more] = await Promise.all([
      createCluster(['--help'], { home: undefined }),
      install(['--version'], { home: undefined }),
      install(['run', '--help'], { home: '/dev/null/home' }),
    ]);
    for (const part of ['--resume', '--preflight-profile', '--no-color']) expect(help.stdout).toContain(part);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(more.stdout).toContain('--accept-changes');
    expect([help, version, more].map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(Array(3).fill([0, '']));

    const script = (await install(['completion'])).stdout;
    expect(spawnSync('bash', ['-n'], { input: script }).status).toBe(0);
    const words = await install(['--get-yargs-completions', 'contextcore-install', 're']);
    expect(words.stdout.split('\n')).toEqual(expect.arrayContaining([expect.stringMatching(/^repair/)]));
  });

  test(`CI gets plain lines, each of one step ${covers('CI')}`, async () => {
    const { install, plan } = makePlan();
    const { stderr } = await install(['run', plan], { env: { CI: 'true', FORCE_COLOR: '1' } });
    expect(stderr).toMatch(/done in /);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: nothing may be drawn over
    expect(stderr).not.toMatch(/\r|\u001b\[\d*[A-HJK]/);
  });
});
