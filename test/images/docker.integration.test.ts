import { execFileSync, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkImages, groupImages } from '../../src/images/check-images.ts';
import { findImages } from '../../src/images/find/find-images.ts';
import { mirrorImages, planMirror } from '../../src/images/mirror/mirror-images.ts';
import { containerPlatform } from '../../src/images/platform.ts';
import { missingPrograms } from '../support/programs.ts';
import { type RunningRegistry, startRegistry } from '../support/servers/registry.ts';
import { makeGuard, openTestApi } from './support.ts';

const IMAGES = ['kit/busybox', 'busybox'];
const docker = (...args: string[]) => execFileSync('docker', args, { encoding: 'utf8' });
const isThere = (name: string) => spawnSync('docker', ['image', 'inspect', name], { stdio: 'ignore' }).status === 0;

function findMissing(): string | undefined {
  const missing = missingPrograms('docker', 'docker-registry');
  if (missing !== undefined) return missing;
  return IMAGES.some(isThere) ? undefined : `no image ${IMAGES.join(' or ')} in Docker`;
}
const missing = findMissing();

describe.skipIf(missing !== undefined)(`images of a real Docker${missing ? ` (${missing})` : ''}`, () => {
  const platform = containerPlatform(process.arch);
  const made: string[] = [];
  let first: RunningRegistry;
  let second: RunningRegistry;
  let image: string;

  beforeAll(async () => {
    [first, second] = await Promise.all([startRegistry(), startRegistry()]);
    image = `${first.host}/us/busybox:1`;
    docker('tag', IMAGES.find(isThere) ?? '', image);
    made.push(image);
    docker('push', '--quiet', image);
  });
  afterAll(async () => {
    for (const name of made) spawnSync('docker', ['image', 'rm', name], { stdio: 'ignore' });
    await first?.stop();
    await second?.stop();
  });

  const found = (...names: string[]) =>
    findImages({ file: 'images.txt', text: names.join('\n'), isYaml: false }, {})?.images ?? [];
  const ports = () => ({ api: openTestApi(), guard: makeGuard().guard });

  it('count where they are wanted, without a question to a registry', async () => {
    docker('tag', image, 'registry.invalid/only/here:1');
    made.push('registry.invalid/only/here:1');
    const options = { ...ports(), env: process.env, platform, local: true };
    const checked = await checkImages(found('registry.invalid/only/here:1', image), options);
    expect(checked).toMatchObject([
      { found: 'docker' },
      { found: 'docker', digest: expect.stringMatching(/^sha256:/) },
    ]);
    const [asked] = await checkImages(found(image), { ...options, local: false });
    expect(asked).toMatchObject({ found: 'registry', digest: checked[1]?.digest });
  });

  it('run as before when they come from a mirror', async () => {
    const jobs = planMirror(groupImages(found(image), { platform, mirror: undefined }), `${second.host}/hub`, false);
    const [mirrored] = await mirrorImages(jobs, ports(), () => undefined);
    if (mirrored === undefined || !('copied' in mirrored)) throw new Error(`not copied: ${JSON.stringify(mirrored)}`);
    const copy = `${second.host}/hub/us/busybox:1`;
    made.push(copy);
    expect(docker('pull', copy)).toContain(`Digest: ${mirrored.copied.digest}`);
    expect(docker('run', '--rm', '--network=none', '--entrypoint=/bin/sh', copy, '-c', 'echo it runs').trim()).toBe(
      'it runs',
    );
  });
});
