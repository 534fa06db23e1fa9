import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** A Debian package that a test installs. */
export interface TestPackage {
  name: string;
  version?: string;
  depends?: string;
  /** Shell script that is run when it is configured. */
  postinst?: string;
}

/**
 * Builds packages and their index with Debian's own tools.
 *
 * @returns what a web server has to serve, by path from the root of the repository: a flat one (`deb URL ./`)
 */
export function buildRepository(folder: string, packages: readonly TestPackage[]): ReadonlyMap<string, Buffer> {
  const pool = join(folder, 'pool');
  mkdirSync(pool, { recursive: true });
  for (const one of packages) buildPackage(folder, pool, one);
  const index = execFileSync('dpkg-scanpackages', ['--multiversion', '.'], {
    cwd: pool,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const files = new Map<string, Buffer>([
    ['/./Packages', index],
    ['/./Packages.gz', gzipSync(index)],
  ]);
  const sums = [...files].map(([path, content]) => ` ${sha256(content)} ${content.length} ${path.slice('/./'.length)}`);
  const release = ['Origin: test', 'Suite: stable', `Date: ${new Date().toUTCString()}`, 'SHA256:', ...sums, ''];
  files.set('/./Release', Buffer.from(release.join('\n')));
  for (const name of readdirSync(pool)) files.set(`/./${name}`, readFileSync(join(pool, name)));
  return files;
}

function buildPackage(folder: string, pool: string, { name, version = '1.0', depends, postinst }: TestPackage): void {
  const tree = join(folder, `${name}_${version}`);
  mkdirSync(join(tree, 'DEBIAN'), { recursive: true });
  const control = [
    `Package: ${name}`,
    `Version: ${version}`,
    'Architecture: all',
    'Maintainer: nobody <nobody@example.org>',
    ...(depends === undefined ? [] : [`Depends: ${depends}`]),
    `Description: ${name}`,
    '',
  ];
  writeFileSync(join(tree, 'DEBIAN/control'), control.join('\n'));
  mkdirSync(join(tree, 'usr/share', name), { recursive: true });
  writeFileSync(join(tree, 'usr/share', name, 'text'), `${name} ${version}\n`);
  if (postinst !== undefined) writeFileSync(join(tree, 'DEBIAN/postinst'), `#!/bin/sh\n${postinst}\n`, { mode: 0o755 });
  const deb = join(pool, `${name}_${version}_all.deb`);
  execFileSync('dpkg-deb', ['--build', '--root-owner-group', tree, deb], { stdio: 'ignore' });
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
