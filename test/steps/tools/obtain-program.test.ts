import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { InstallerError } from '../../../src/errors/installer-error.ts';
import { listDownloads } from '../../../src/steps/tools/bin-folder.ts';
import { installProgram, manualHint, obtainPrograms } from '../../../src/steps/tools/obtain-program.ts';
import { PINS } from '../../../src/steps/tools/pins.ts';
import { releaseOf } from '../../../src/steps/tools/release-url.ts';
import { startSite } from '../../support/http-site.ts';
import { declined, makeStepContext } from '../../support/step-context.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const KIND = `#!/bin/sh\necho "kind v${PINS.kind.version} go1.26"\n`;
const PROMETHEUS = `#!/bin/sh\necho "prometheus, version ${PINS.prometheus.version}"\n`;

function sumOf(body: string | Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

/** Where a pinned release is published, as a path below the mirror. */
function pathsOf(pin: (typeof PINS)['kind' | 'prometheus']) {
  const release = releaseOf(pin, 'http://mirror');
  if (release === undefined) throw new Error('no release is published for this system');
  return { url: release.url.slice(13), sums: release.sumsUrl.slice(13), member: release.member ?? '' };
}

/** A release site on this machine, and a system that has only `sh`, `tar` and `gzip`. */
async function setUp(options: { kindSum?: string } = {}) {
  const [kind, prometheus] = [pathsOf(PINS.kind), pathsOf(PINS.prometheus)];
  const archive = await packArchive(prometheus.member, PROMETHEUS);
  const site = await startSite({
    [kind.url]: KIND,
    [kind.sums]: `${options.kindSum ?? sumOf(KIND)}  ${kind.url.split('/').at(-1)}\n`,
    [prometheus.url]: archive,
    [prometheus.sums]: `${sumOf('x')}  other.tar.gz\n${sumOf(archive)}  ${prometheus.url.split('/').at(-1)}\n`,
  });
  onTestFinished(() => site.close());
  const system = await makeTempFolder();
  for (const program of ['sh', 'tar', 'gzip']) {
    const path = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
    await writeFile(join(system, program), `#!/bin/sh\nexec ${path} "$@"\n`);
    await chmod(join(system, program), 0o755);
  }
  const env = { PATH: system, CONTEXTCORE_TOOLS_BASE_URL: site.url };
  return { site, kind, places: { env, binDir: join(await makeTempFolder(), 'home', 'bin') } };
}

async function packArchive(member: string, text: string): Promise<Buffer> {
  const folder = await makeTempFolder();
  await mkdir(join(folder, member, '..'), { recursive: true });
  await writeFile(join(folder, member), text);
  await chmod(join(folder, member), 0o755);
  execFileSync('tar', ['-czf', join(folder, 'a.tgz'), '-C', folder, member.split('/')[0] ?? '']);
  return await readFile(join(folder, 'a.tgz'));
}

describe('obtaining programs', () => {
  it('downloads what is missing after one question, checks it and remembers where it is from', async () => {
    const { site, places } = await setUp();
    const asked: unknown[] = [];
    const consent = async (...question: unknown[]) => void asked.push(question);
    const ctx = await makeStepContext({ env: places.env, consent });
    const programs = await obtainPrograms(ctx, [PINS.kind, PINS.prometheus], places);
    expect(programs).toEqual([
      { name: 'kind', path: join(places.binDir, 'kind'), version: PINS.kind.version, from: 'bin' },
      { name: 'prometheus', path: join(places.binDir, 'prometheus'), version: PINS.prometheus.version, from: 'bin' },
    ]);
    expect(asked).toHaveLength(1);
    expect(await readlink(join(places.binDir, 'kind'))).toBe(`kind-${PINS.kind.version}`);
    const [record] = await listDownloads(places.binDir);
    expect(record).toMatchObject({ name: 'kind', version: PINS.kind.version, sha256: sumOf(KIND) });
    expect(record?.source).toContain(site.url);
    expect((await readdir(places.binDir)).filter((name) => name.startsWith('.'))).toEqual([]);

    // Now they are there: no question, no request.
    const requests = site.requests.length;
    const again = await makeStepContext({ env: places.env, consent: declined });
    expect(await obtainPrograms(again, [PINS.kind, PINS.prometheus], places)).toEqual(programs);
    expect(site.requests).toHaveLength(requests);
  });

  it('fetches nothing without consent', async () => {
    const { site, places } = await setUp();
    const ctx = await makeStepContext({ env: places.env, consent: declined });
    await expect(obtainPrograms(ctx, [PINS.kind], places)).rejects.toMatchObject({ code: 'consent_declined' });
    expect(site.requests).toEqual([]);
  });

  it('installs nothing whose checksum is wrong', async () => {
    const { places } = await setUp({ kindSum: 'f'.repeat(64) });
    const ctx = await makeStepContext({ env: places.env });
    await expect(installProgram(ctx, PINS.kind, places)).rejects.toMatchObject({ class: 'checksum' });
    expect(await readdir(places.binDir)).toEqual([]);
  });

  it('says what was tried and how to install it by hand when it cannot be had', async () => {
    const { site, kind, places } = await setUp();
    delete site.pages[kind.url];
    const ctx = await makeStepContext({ env: places.env });
    const error = await installProgram(ctx, PINS.kind, places).catch((thrown: unknown) => thrown as InstallerError);
    expect(error).toMatchObject({
      code: 'step_failed',
      class: 'not_found',
      message: 'kind is missing and could not be had',
    });
    expect((error as InstallerError).details.lines?.[0]).toContain('404');
    expect((error as InstallerError).details.hint).toContain('https://kind.sigs.k8s.io');
  });

  it('does not hand out a program that does not run here', async () => {
    const { site, kind, places } = await setUp({ kindSum: sumOf('not a program') });
    site.pages[kind.url] = 'not a program';
    const ctx = await makeStepContext({ env: places.env });
    await expect(installProgram(ctx, PINS.kind, places)).rejects.toMatchObject({ class: 'not_runnable' });
  });

  it('lets two installers get the same program at the same time', async () => {
    const { places } = await setUp();
    const ctx = await makeStepContext({ env: places.env });
    const both = await Promise.all([installProgram(ctx, PINS.kind, places), installProgram(ctx, PINS.kind, places)]);
    expect(both[0]).toEqual(both[1]);
    expect((await readdir(places.binDir)).sort()).toEqual([
      'kind',
      `kind-${PINS.kind.version}`,
      `kind-${PINS.kind.version}.json`,
    ]);
  });

  it('shows the command of the package manager that is there', async () => {
    const folder = await makeTempFolder();
    await writeFile(join(folder, 'dnf'), '');
    await chmod(join(folder, 'dnf'), 0o755);
    expect(await manualHint(PINS.alertmanager, { PATH: folder })).toBe(
      'sudo dnf install golang-github-prometheus-alertmanager',
    );
    expect(await manualHint(PINS.kind, { PATH: folder })).toBe(`see ${PINS.kind.page}`);
  });
});

describe('releases', () => {
  it('are addressed by system and processor', () => {
    expect(releaseOf(PINS.kind, undefined, 'darwin', 'arm64')).toEqual({
      url: `https://github.com/kubernetes-sigs/kind/releases/download/v${PINS.kind.version}/kind-darwin-arm64`,
      sumsUrl: `https://github.com/kubernetes-sigs/kind/releases/download/v${PINS.kind.version}/kind-darwin-arm64.sha256sum`,
    });
    expect(releaseOf(PINS.alertmanager, '', 'linux', 'x64')?.member).toBe(
      `alertmanager-${PINS.alertmanager.version}.linux-amd64/alertmanager`,
    );
  });

  it('come from the mirror when one is named', () => {
    expect(releaseOf(PINS.kubectl, 'http://mirror.local/tools/', 'linux', 'x64')?.url).toBe(
      `http://mirror.local/tools/dl.k8s.io/release/v${PINS.kubectl.version}/bin/linux/amd64/kubectl`,
    );
  });

  it('do not exist for every system', () => {
    expect(releaseOf(PINS.kind, undefined, 'linux', 'mips')).toBeUndefined();
    expect(releaseOf(PINS.kind, undefined, 'win32', 'x64')).toBeUndefined();
  });
});
