import type { RequestListener } from 'node:http';
import { expect, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { filesHolding, pathsBelow, writeFile } from '../support/cli-files.ts';
import { startSite } from '../support/http-site.ts';
import { flush, PLAN, samplesStatus, writePlan } from './support.ts';

const SECRET = 'battery-staple-4711';
const FORMS = [SECRET, Buffer.from(SECRET).toString('base64'), Buffer.from(`me:${SECRET}`).toString('base64')];

/** Takes what comes with the right credentials, and gives those that are wrong back in its answer. */
function guard(expected: string, seen: (string | undefined)[]): RequestListener {
  return (request, response) => {
    request.resume();
    const { authorization } = request.headers;
    if (request.method === 'POST') seen.push(authorization);
    if (authorization !== expected) return void response.writeHead(403).end(`no entry with ${authorization}`);
    response.writeHead(request.method === 'POST' ? 204 : 405).end();
  };
}

const WAYS: [name: string, expected: string, env: (folder: string, url: string) => Record<string, string>][] = [
  [
    'a token in the environment',
    `Bearer ${SECRET}`,
    (_folder, url) => ({ CONTEXTCORE_REMOTE_WRITE_URL: url, CONTEXTCORE_REMOTE_WRITE_TOKEN: SECRET }),
  ],
  [
    'a password in a file',
    `Basic ${FORMS[2]}`,
    (folder, url) => ({
      CONTEXTCORE_REMOTE_WRITE_URL: url,
      CONTEXTCORE_REMOTE_WRITE_USERNAME: 'me',
      CONTEXTCORE_REMOTE_WRITE_PASSWORD_FILE: writeFile(folder, 'password', `${SECRET}\n`, 0o600),
    }),
  ],
  [
    'a password in the address',
    `Basic ${FORMS[2]}`,
    (_folder, url) => ({ CONTEXTCORE_REMOTE_WRITE_URL: url.replace('http://', `http://me:${SECRET}@`) }),
  ],
  [
    'a header for OTLP',
    `Bearer ${SECRET}`,
    (_folder, url) => ({
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: `authorization=Bearer%20${SECRET}`,
    }),
  ],
];

test.each(WAYS)(
  '%s is used, and found nowhere: not in spool or logs, not in what is said',
  async (_name, expected, envOf) => {
    const seen: (string | undefined)[] = [];
    const site = await startSite({ '/push': guard(expected, seen), '/wrong': guard('somebody else', seen) });
    try {
      const ground = makeGround();
      const env = envOf(ground.folder, `${site.url}/push`);
      const wrong = Object.fromEntries(
        Object.entries(env).map(([key, value]) => [key, value.replace('/push', '/wrong')]),
      );
      const plan = writePlan(ground, ['env', 'true'], 'cluster: guarded\n');
      // Refused first, with an answer that repeats what it was given.
      const run = await ground.install(['run', plan, '--verbose'], { env: wrong });
      expect(run.exitCode, run.stderr).toBe(0);
      expect((await samplesStatus(ground, wrong, 'guarded')).items).toBeGreaterThan(0);
      const refused = await flush(ground, wrong, '--cluster', 'guarded');
      expect(refused.exitCode).toBe(7);
      expect(refused.stderr).toContain('no entry with');

      expect((await flush(ground, env, '--cluster', 'guarded')).exitCode).toBe(0);
      expect(seen).toContain(expected);
      const status = await ground.install(['telemetry', 'status', PLAN, '--cluster', 'guarded'], { env });
      const said = [run, refused, status].map(({ stdout, stderr }) => stdout + stderr).join('\n');
      expect(FORMS.filter((form) => said.includes(form))).toEqual([]);
      expect(pathsBelow(ground.home).some((path) => path.includes('/spool/'))).toBe(true);
      expect(filesHolding(ground.home, FORMS)).toEqual([]);
    } finally {
      await site.close();
    }
  },
);

test('a file that others can read is refused before anything is started', async () => {
  const ground = makeGround();
  const file = writeFile(ground.folder, 'token', SECRET, 0o644);
  const env = { CONTEXTCORE_REMOTE_WRITE_URL: 'http://127.0.0.1:1/push', CONTEXTCORE_REMOTE_WRITE_TOKEN_FILE: file };
  const { exitCode, stderr } = await ground.install(['run', writePlan(ground, ['touch made'])], { env });
  expect({ exitCode, said: stderr.includes(`chmod 600 ${file}`) }).toEqual({ exitCode: 2, said: true });
  expect(pathsBelow(ground.folder).some((path) => path.endsWith('/made'))).toBe(false);
});
