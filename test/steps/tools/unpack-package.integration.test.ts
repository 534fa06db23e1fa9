import { execFileSync, spawn } from 'node:child_process';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { listDownloads } from '../../../src/steps/tools/bin-folder.ts';
import { whichProgram } from '../../../src/steps/tools/find-program.ts';
import { installProgram } from '../../../src/steps/tools/obtain-program.ts';
import { PINS } from '../../../src/steps/tools/pins.ts';
import { unpackPackage } from '../../../src/steps/tools/unpack-package.ts';
import { findFreePort } from '../../support/free-port.ts';
import { makeStepContext } from '../../support/step-context.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const apt = await whichProgram('apt-get', process.env);
/** An address that refuses at once plays a release site which cannot be reached. */
const env = { ...process.env, CONTEXTCORE_TOOLS_BASE_URL: 'http://127.0.0.1:9' };

/** What dpkg and apt's cache know of the package, other programs using them meanwhile or not. */
async function traceOf(name: string): Promise<readonly string[]> {
  const installed = execFileSync('dpkg-query', ['-W'], { encoding: 'utf8' });
  const cached = await readdir('/var/cache/apt/archives');
  return [...installed.split('\n'), ...cached].filter((line) => line.startsWith(name));
}

describe.skipIf(apt === undefined)('a distribution package (needs apt)', () => {
  it('is unpacked and used where no release can be had, and is not installed', { timeout: 120_000 }, async () => {
    const before = await traceOf('prometheus-alertmanager');
    const places = { env, binDir: join(await makeTempFolder(), 'bin') };
    const ctx = await makeStepContext({ env });
    const program = await installProgram(ctx, PINS.alertmanager, places);
    expect(program).toMatchObject({ name: 'alertmanager', path: join(places.binDir, 'alertmanager'), from: 'bin' });
    await expectAlertmanagerServes(program.path);
    expect((await listDownloads(places.binDir))[0]?.source).toMatch(/^package prometheus-alertmanager \d/);
    expect((await readdir(places.binDir)).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(await traceOf('prometheus-alertmanager')).toEqual(before);
  });

  it('is found by lists of our own where the system has none', { timeout: 180_000 }, async () => {
    const folder = await makeTempFolder();
    await mkdir(join(folder, 'work'));
    // A system without lists, as in a fresh container image: apt's own configuration file says so.
    await writeFile(join(folder, 'bare.conf'), `Dir::State::lists "${folder}/no-lists";\n`);
    const ctx = await makeStepContext({ env: { ...process.env, APT_CONFIG: join(folder, 'bare.conf') } });
    const { root } = await unpackPackage(ctx, 'prometheus-alertmanager', join(folder, 'work'));
    expect((await stat(join(root, PINS.alertmanager.debian.member))).isFile()).toBe(true);
    expect(ctx.events.some((event) => event.type === 'step_progress' && event.message.includes('lists'))).toBe(true);
  });

  it('says what apt says when there is no such package', { timeout: 180_000 }, async () => {
    const ctx = await makeStepContext();
    const failure = unpackPackage(ctx, 'no-such-package-anywhere', await makeTempFolder());
    await expect(failure).rejects.toMatchObject({
      details: { tail: expect.arrayContaining([expect.stringContaining('no-such-package-anywhere')]) },
    });
  });
});

/** Debian's Alertmanager needs templates from a folder of the system: asking for its version would not tell. */
async function expectAlertmanagerServes(program: string): Promise<void> {
  const folder = await makeTempFolder();
  const config = join(folder, 'alertmanager.yml');
  await writeFile(config, 'route: {receiver: none}\nreceivers: [{name: none}]\n');
  const port = await findFreePort();
  const flags = [`--storage.path=${join(folder, 'data')}`, `--web.listen-address=127.0.0.1:${port}`];
  const child = spawn(program, [`--config.file=${config}`, '--cluster.listen-address=', ...flags], { stdio: 'ignore' });
  try {
    await vi.waitFor(async () => expect((await fetch(`http://127.0.0.1:${port}/-/ready`)).status).toBe(200), 60_000);
  } finally {
    child.kill('SIGKILL');
  }
}
