import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Post-installation scripts of the packages; `killer` ends dpkg as a power cut would. */
const PACKAGES = {
  fine: { depends: '', postinst: '' },
  lonely: { depends: 'not-in-any-archive', postinst: '' },
  failing: { depends: '', postinst: '#!/bin/sh\nexit 1\n' },
  killer: { depends: '', postinst: '#!/bin/sh\nkill -9 $PPID\n' },
} as const;

/** Makes what the web peer serves under /files/: packages, and apt repositories of one that each lie in one way. */
export function fillSite(site: string): string {
  mkdirSync(site, { recursive: true });
  writeFileSync(join(site, 'package.tgz'), 'not what was promised');
  writeFileSync(join(site, 'wrong_sum-1.0-py3-none-any.whl'), 'not what was promised');
  writeFileSync(join(site, 'broken-1.0-py3-none-any.whl'), 'no archive');
  writeFileSync(join(site, 'big-1.0-py3-none-any.whl'), Buffer.alloc(999_999));
  for (const version of ['1.0', '2.0']) makeWheel(site, version);
  for (const name of Object.keys(PACKAGES)) makePackage(site, name as keyof typeof PACKAGES);
  makeRepository(site, 'apt-good', {});
  makeRepository(site, 'apt-wrong-package', { packages: wrongSums });
  makeRepository(site, 'apt-wrong-size', { packages: (text) => text.replace(/Size: (\d+)/, 'Size: 1$1') });
  makeRepository(site, 'apt-wrong-index', { release: wrongSums });
  makeRepository(site, 'apt-stale', { release: (text) => `${text}Valid-Until: Sat, 01 Jan 2022 00:00:00 UTC\n` });
  makeRepository(site, 'apt-malformed', { packages: () => 'Package fine\nthis is no index\n' });
  return site;
}

type Edit = (text: string) => string;
const wrongSums: Edit = (text) => text.replaceAll(/\b[0-9a-f]{64}\b/g, '0'.repeat(64));

function makePackage(site: string, name: keyof typeof PACKAGES): void {
  const { depends, postinst } = PACKAGES[name];
  const folder = join(site, `${name}.d`);
  mkdirSync(join(folder, 'DEBIAN'), { recursive: true });
  const lines = [`Package: ${name}`, 'Version: 1.0', 'Architecture: all', 'Maintainer: nobody <nobody@example.org>'];
  if (depends !== '') lines.push(`Depends: ${depends}`);
  writeFileSync(join(folder, 'DEBIAN/control'), `${lines.join('\n')}\nDescription: ${name}\n`);
  // Something to unpack, for a disk that is too small for it.
  mkdirSync(join(folder, 'usr/share/doc', name), { recursive: true });
  writeFileSync(join(folder, 'usr/share/doc', name, 'text'), randomBytes(20_000));
  if (postinst !== '') writeFileSync(join(folder, 'DEBIAN/postinst'), postinst, { mode: 0o755 });
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', folder, join(site, `${name}.deb`)], { stdio: 'pipe' });
}

/** https://packaging.python.org/en/latest/specifications/binary-distribution-format/ */
function makeWheel(site: string, version: string): void {
  const info = `good-${version}.dist-info`;
  const script = `
import zipfile
with zipfile.ZipFile('good-${version}-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('good.py', '')
    wheel.writestr('${info}/METADATA', 'Metadata-Version: 2.1\\nName: good\\nVersion: ${version}\\n')
    wheel.writestr('${info}/WHEEL', 'Wheel-Version: 1.0\\nGenerator: evidence\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    wheel.writestr('${info}/RECORD', 'good.py,,\\n')
`;
  execFileSync('python3', ['-c', script], { cwd: site, stdio: 'pipe' });
}

/** A flat repository: https://wiki.debian.org/DebianRepository/Format#Flat_Repository_Format */
function makeRepository(site: string, name: string, { packages, release }: { packages?: Edit; release?: Edit }): void {
  const folder = join(site, name);
  mkdirSync(folder);
  cpSync(join(site, 'fine.deb'), join(folder, 'fine.deb'));
  const deb = readFileSync(join(folder, 'fine.deb'));
  const control = readFileSync(join(site, 'fine.d/DEBIAN/control'), 'utf8').trimEnd();
  const entry = `${control}\nFilename: ./fine.deb\nSize: ${deb.length}\nSHA256: ${sha256(deb)}\n`;
  const index = packages?.(entry) ?? entry;
  const lines = `Origin: evidence\nSuite: stable\nDate: Sat, 01 Jan 2022 00:00:00 UTC\nSHA256:\n ${sha256(index)} ${index.length} Packages\n`;
  writeFileSync(join(folder, 'Packages'), index);
  writeFileSync(join(folder, 'Release'), release?.(lines) ?? lines);
}

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
