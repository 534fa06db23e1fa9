import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeGround } from '../../support/cli.ts';
import { watchMemory } from '../../support/peak-memory.ts';
import { missingPrograms } from '../../support/programs.ts';
import { startFileServer } from '../../support/servers/file-server.ts';
import { startSpoiledWay, TOXIPROXY } from '../../support/servers/toxiproxy.ts';

const GIGABYTE = 1e9;
const CUTS = 20;
/** Each connection is cut after so many bytes, its head among them. */
const LIMIT = Math.ceil(GIGABYTE / CUTS) - 1000;
/** What the product reads at once, and a head. */
const ONE_BUFFER = (256 << 10) + 1000;
/** What kernel and proxy hold of a connection that is cut; the server cannot know that it was in vain. */
const ON_THE_WAY = 12 << 20;

const missing = missingPrograms(...TOXIPROXY);

describe.skipIf(missing !== undefined)(`a download of 1 GB${missing === undefined ? '' : ` (${missing})`}`, () => {
  it('that is cut 20 times completes: nothing is fetched twice, the checksum is right, and memory stays small', async () => {
    const server = await startFileServer(GIGABYTE);
    onTestFinished(() => server.close());
    const way = await startSpoiledWay(server.address);
    onTestFinished(() => way.stop());
    const ground = makeGround();
    const output = join(ground.folder, 'file.bin');
    // Its modules are compiled once on a machine; that is not what is measured.
    await ground.install(['download', `${way.url}/file.bin`, '--output', output, '--sha256', 'none']);
    await way.spoil('limit_data', { bytes: LIMIT });
    const args = ['download', `${way.url}/file.bin`, '--output', output, '--streams', '1', '--json'];
    const cli = ground.start('contextcore-install', [...args, '--sha256', server.sha256]);
    const peak = watchMemory(cli);
    const ended = await cli.ended;

    expect(ended.stderr).toBe('');
    expect(ended.exitCode).toBe(0);
    expect(JSON.parse(ended.stdout)).toMatchObject({ bytes: GIGABYTE, sha256: server.sha256, verified: true });
    expect(statSync(output).size).toBe(GIGABYTE);
    const starts = server.asked.map(({ from = 0 }) => from);
    expect(starts).toHaveLength(CUTS + 1);
    for (const [index, start] of starts.entries()) {
      const next = starts[index + 1];
      // What one connection brought is where the next one begins.
      if (next !== undefined) expect(Math.abs(start + LIMIT - next)).toBeLessThan(ONE_BUFFER);
    }
    const served = server.asked.reduce((all, one) => all + one.served, 0);
    expect(served - GIGABYTE).toBeLessThan(CUTS * ON_THE_WAY);
    expect(server.asked.slice(1).map(({ ifRange }) => ifRange)).toEqual(new Array(CUTS).fill('"v1"'));
    expect(peak()).toBeGreaterThan(0);
    expect(peak()).toBeLessThan(80_000);
  });
});
