import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { makeGround } from '../../support/cli.ts';
import { makeCertificates, type TlsFiles } from '../../support/evidence/certificates.ts';
import { watchMemory } from '../../support/peak-memory.ts';
import { missingPrograms } from '../../support/programs.ts';
import { type FileServer, startFileServer } from '../../support/servers/file-server.ts';
import { startSpoiledWay, TOXIPROXY } from '../../support/servers/toxiproxy.ts';

const SIZE = 300e6;
/** The sources run unbuilt here, and take 79 MB at most so far: room for a Node.js that takes a little more. */
const MOST_KB = 88 << 10;
/** Of four connections: each has buffers of its own. */
const MOST_WITH_SEVERAL_KB = 96 << 10;
/** What the machine adds to the usual authorities is not measured. */
const NO_OTHERS = { SSL_CERT_FILE: undefined, NODE_EXTRA_CA_CERTS: undefined, NODE_USE_SYSTEM_CA: undefined };

const missing = missingPrograms('openssl', ...TOXIPROXY);

describe.skipIf(missing !== undefined)(`300 MB over TLS${missing === undefined ? '' : ` (${missing})`}`, () => {
  let folder: string;
  let files: TlsFiles;
  let server: FileServer;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ccx-tls-'));
    files = makeCertificates(folder);
    server = await startFileServer(SIZE, files.good);
  });
  afterAll(async () => {
    await server?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Downloads with what a private authority needs. @returns the most memory that was held, in kB */
  async function downloadWith(url: string, args: readonly string[], more: Record<string, string>): Promise<number> {
    const env = { ...NO_OTHERS, ...more };
    const ground = makeGround();
    const output = join(ground.folder, 'file.bin');
    const all = ['download', url, '--output', output, ...args, '--json'];
    // Its modules are compiled once on a machine; that is not what is measured.
    const refused = await ground.install([...all, '--sha256', 'none'], { env });
    expect(refused.exitCode).toBe(2);
    server.asked.length = 0;
    server.most = 0;
    const cli = ground.start('contextcore-install', [...all, '--sha256', server.sha256], { env });
    const peak = watchMemory(cli);
    const { exitCode, stdout, stderr } = await cli.ended;
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ bytes: SIZE, sha256: server.sha256, verified: true });
    expect(statSync(output).size).toBe(SIZE);
    expect(peak()).toBeGreaterThan(0);
    return peak();
  }

  it.each(['--ca', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])(
    'takes no more memory than a small file, with %s',
    async (how) => {
      const args = how === '--ca' ? ['--ca', files.ca] : [];
      expect(await downloadWith(server.url, args, how === '--ca' ? {} : { [how]: files.ca })).toBeLessThan(MOST_KB);
      expect(server.asked).toMatchObject([{ from: undefined, served: SIZE }]);
    },
  );

  it('takes hardly more when several connections fetch it', async () => {
    const way = await startSpoiledWay(server.address);
    onTestFinished(() => way.stop());
    // Kilobytes a second, each connection.
    await way.spoil('bandwidth', { rate: 10_000 });
    const url = `https://localhost:${new URL(way.url).port}/file.bin`;
    expect(await downloadWith(url, ['--ca', files.ca], {})).toBeLessThan(MOST_WITH_SEVERAL_KB);
    expect(server.most).toBeGreaterThan(1);
  });
});
