import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { filesHolding, linesOf, pathsBelow, writeFile } from '../support/cli-files.ts';
import { covers } from './interface.ts';

const VALUE = 'correct horse/battery+staple';
const FORMS = [VALUE, Buffer.from(VALUE).toString('base64'), encodeURIComponent(VALUE), 'battery+staple'];
const AS_BASE64 = `printf %s "$MY_SECRET" | base64`;

describe('secrets', () => {
  test(`a value given by --secret is found nowhere ${covers('--secret')}`, async () => {
    const { install, folder, home } = makeGround();
    const plan = writeFile(
      folder,
      'p.yaml',
      `steps:
  - id: tells
    run: echo "$MY_SECRET"; ${AS_BASE64} >&2; echo "url=http://u:$MY_SECRET@h/" ; test "$MY_SECRET" = '${VALUE}' && touch given
    secrets: [MY_SECRET]
  - id: argument
    run: [sh, -c, 'echo "$0"; exit 4', '${VALUE}']
`,
    );
    for (const flags of [['--verbose'], ['--json'], ['--quiet']]) {
      const args = ['run', plan, '--secret', 'MY_SECRET', ...flags];
      const { exitCode, stdout, stderr } = await install(args, { env: { MY_SECRET: VALUE } });
      expect(exitCode).toBe(1);
      expect(FORMS.filter((form) => (stdout + stderr).includes(form))).toEqual([]);
      expect(stdout + stderr).toContain('exited with 4');
    }
    expect(pathsBelow(folder)).toContain(join(folder, 'given'));
    expect(filesHolding(home, FORMS)).toEqual([]);
    // What is hidden is the secret, not the log.
    expect(filesHolding(home, ['url=http://u:']).length).toBeGreaterThan(0);
  });

  test(`from a file that only we can read, given to numbered scripts ${covers('--secret')}`, async () => {
    const { install, folder, home } = makeGround();
    const file = writeFile(folder, 'secret', `${VALUE}\n`, 0o600);
    const open = writeFile(folder, 'open', `${VALUE}\n`, 0o644);
    const plan = writeFile(folder, '01_tell.sh', `echo "$MY_SECRET"; test "$MY_SECRET" = '${VALUE}'\n`).replace(
      /\/[^/]+$/,
      '',
    );
    const run = (path: string) => install(['run', plan, '--secret', 'MY_SECRET'], { env: { MY_SECRET_FILE: path } });
    const refused = await run(open);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain(`chmod 600 ${open}`);
    expect((await run(file)).exitCode).toBe(0);
    expect(filesHolding(home, FORMS)).toEqual([]);
  });

  test(`credentials are kept from steps that do not declare them; TRACEPARENT is handed on ${covers('TRACEPARENT')}`, async () => {
    const { install, folder, home } = makeGround();
    const plan = writeFile(
      folder,
      'p.yaml',
      'steps:\n  - { id: a, run: "env > seen-a" }\n  - { id: b, run: "env > seen-b", secrets: [DEPLOY_TOKEN] }\n',
    );
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const env = { TRACEPARENT: traceparent, DEPLOY_TOKEN: VALUE, DB_PASSWORD: 'other-secret-value', PLAIN: 'x' };
    expect((await install(['run', plan], { env })).exitCode).toBe(0);
    const [a, b] = ['seen-a', 'seen-b'].map((name) => linesOf(join(folder, name)).join('\n'));
    expect(a).toContain('PLAIN=x');
    expect(a).toMatch(/^TRACEPARENT=00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/m);
    expect(a).not.toMatch(/DEPLOY_TOKEN|DB_PASSWORD/);
    expect(b).toContain(`DEPLOY_TOKEN=${VALUE}`);
    expect(b).not.toContain('DB_PASSWORD');
    expect(filesHolding(home, [VALUE, 'other-secret-value'])).toEqual([]);
  });
});
