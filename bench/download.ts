import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { startFileServer } from '../test/support/servers/file-server.ts';
import { startSpoiledWay, TOXIPROXY } from '../test/support/servers/toxiproxy.ts';
import { findProgram, runChild } from './child.ts';
import { type Candidate, interleave, median, ratiosTo, without } from './measure.ts';
import { buildPrograms, programPath } from './programs.ts';
import { type Bound, makeRow, missingRow, type Row } from './row.ts';
import type { Target } from './target.ts';
import type { Workspace } from './workspace.ts';

const ID = 'DOWNLOAD';
const MEGABYTES = 300;
const LATENCY_MS = 30;
const ROUNDS = 5;
const US = 'download';
const BOUND: Bound = { at: 'most', value: 1.05 };
const TITLE = `downloading ${MEGABYTES} MB through ${LATENCY_MS} ms of latency, checked and durable, to the fastest peer`;

/** A large file through a slow way, beside those who do the same: fetched, its SHA-256 compared, and on the disk. */
export const download: Target = {
  id: ID,
  async measure(workspace) {
    const lacks = TOXIPROXY.find((program) => findProgram(program) === undefined);
    if (lacks !== undefined) return [missingRow(ID, TITLE, BOUND, `${lacks} is not on the PATH`)];
    await buildPrograms();
    const server = await startFileServer(MEGABYTES * 1e6);
    const way = await startSpoiledWay(server.address);
    try {
      await way.spoil('latency', { latency: LATENCY_MS });
      return [await measureDownload(workspace, `${way.url}/file.bin`, server.sha256)];
    } finally {
      await way.stop();
      await server.close();
    }
  },
};

async function measureDownload(workspace: Workspace, url: string, sha256: string): Promise<Row> {
  const output = join(workspace.makeFolder(), 'file.bin');
  const env = { ...workspace.env, CONTEXTCORE_HOME: workspace.makeFolder() };
  const candidate = (name: string, file: string, args: readonly string[]): Candidate => ({
    name,
    run: async () => {
      rmSync(output, { force: true });
      return (await runChild(file, args, { env })).ms;
    },
  });
  const shell = (name: string, script: string): Candidate[] => {
    const program = name.split(/[ ,]/, 1)[0] ?? '';
    return findProgram(program) === undefined ? [] : [candidate(name, 'sh', ['-ec', script])];
  };
  const entry = programPath('contextcore-install');
  const us = candidate(US, process.execPath, [
    entry,
    'download',
    url,
    '--output',
    output,
    '--sha256',
    sha256,
    '--quiet',
  ]);
  const check = `echo '${sha256}  ${output}' | sha256sum --check --quiet; sync '${output}'`;
  const aria = `aria2c --quiet --allow-overwrite=true --file-allocation=none --dir=/ --out='${output}'`;
  const peers = [
    ...shell('curl, sha256sum, sync', `curl -sSf -o '${output}' '${url}'; ${check}`),
    ...shell('aria2c, sync', `${aria} --checksum=sha-256=${sha256} '${url}'; sync '${output}'`),
    ...shell('aria2c -x4, sync', `${aria} -x4 -s4 --checksum=sha-256=${sha256} '${url}'; sync '${output}'`),
  ];
  // Neither checked nor durable: what is left of the time.
  const bare = shell('curl alone', `curl -sSf -o '${output}' '${url}'`);
  if (peers.length === 0) return missingRow(ID, TITLE, BOUND, 'neither curl nor aria2c is on the PATH');
  const samples = await interleave([us, ...peers, ...bare], ROUNDS);
  const middle = ({ name }: Candidate) => median(samples.get(name) ?? []);
  const [fastest] = peers.toSorted((one, other) => middle(one) - middle(other));
  const ratios = ratiosTo(fastest?.name ?? '', samples);
  const seconds = (middle(us) / 1000).toPrecision(3);
  return makeRow({
    id: ID,
    title: TITLE,
    value: ratios[US] ?? Number.NaN,
    bound: BOUND,
    peers: without(ratios, US),
    note: `${seconds} s`,
  });
}
