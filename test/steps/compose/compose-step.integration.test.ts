import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StepRecord } from '../../../src/engine/record.ts';
import { type PlayOptions, playPlan } from '../../support/play-plan.ts';
import { missingPrograms } from '../../support/programs.ts';
import { REGISTRY, startRegistry } from '../../support/servers/registry.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const IMAGE = 'kit/busybox:latest';

function succeeds(program: string, ...args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

function missingForCompose(): string | undefined {
  const missing = missingPrograms('docker');
  if (missing !== undefined) return missing;
  if (!succeeds('docker', 'version')) return 'no Docker engine answers';
  if (!succeeds('docker', 'compose', 'version') && !succeeds('docker-compose', 'version')) return 'no compose';
  return succeeds('docker', 'image', 'inspect', IMAGE) ? undefined : `no image ${IMAGE} in Docker`;
}

const why = missingForCompose();
/** Version 1 cannot replace containers of an engine as new as this. */
const isOld = !succeeds('docker', 'compose', 'version');
const noRegistry = REGISTRY.every((name) => missingPrograms(name) !== undefined) ? 'no registry program' : undefined;

const service = (command: string, more = '') => `
services:
  web:
    image: ${IMAGE}
    entrypoint: ["sh", "-c"]
    command: [${JSON.stringify(command)}]
    network_mode: none
    stop_grace_period: 1s
${more}`;
const HEALTH = `    healthcheck: { test: ["CMD", "test", "-f", "/ok"], interval: 1s, timeout: 10s, retries: 100 }`;

/** A folder with a compose file and a project of its own, taken down when the test has ended. */
async function ground(text: string) {
  const folder = await makeTempFolder();
  const project = `ccx-test-${randomUUID().slice(0, 8)}`;
  const file = join(folder, 'compose.yaml');
  await writeFile(file, `version: "3.8"\n${text}`);
  const containers = () =>
    execFileSync('docker', ['ps', '-aq', '--filter', `label=com.docker.compose.project=${project}`], {
      encoding: 'utf8',
    })
      .split('\n')
      .filter(Boolean);
  onTestFinished(() => {
    const left = containers();
    if (left.length > 0) execFileSync('docker', ['rm', '-f', '-v', ...left], { stdio: 'ignore' });
  });
  const steps = new Map<string, StepRecord>();
  const play = (wait = '150s', options: PlayOptions & { fix?: string } = {}) =>
    playPlan(
      `steps:\n  - id: up\n    compose: { project: ${project}, wait: ${wait}, fix: ${options.fix ?? 'patch'} }\n`,
      {
        folder,
        steps,
        env: { ...process.env, CONTEXTCORE_HOME: join(folder, 'home') },
        ...options,
      },
    );
  return { folder, file, play, containers, steps };
}

describe.skipIf(why !== undefined)(`compose${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  it('brings services up, waits until they are healthy, and leaves them alone afterwards', async () => {
    const { play, containers, steps, file } = await ground(service('sleep 2; touch /ok; exec sleep 600', HEALTH));
    const { error } = await play();
    expect(error?.message).toBeUndefined();
    const health = ['inspect', '-f', '{{.State.Health.Status}}', ...containers()];
    expect(execFileSync('docker', health, { encoding: 'utf8' }).trim()).toBe('healthy');
    expect(steps.get('up')?.outputs).toMatchObject({ images: 1, images_pulled: 0, started: true });
    const before = containers();
    expect(before).toHaveLength(1);
    const again = await play();
    expect(again.events.some(({ type }) => type === 'attempt_started')).toBe(false);
    expect(containers()).toEqual(before);
    await writeFile(file, readFileSync(file, 'utf8').replace('sleep 600', 'sleep 601'));
    const changed = await play();
    if (isOld) expect(changed.error?.details.hint).toContain('docker-compose 1 cannot replace containers');
    else expect([changed.error?.message, containers().length]).toEqual([undefined, 1]);
    expect(containers()).not.toEqual([]);
    expect((await play(undefined, { mode: 'rollback' })).error).toBeUndefined();
    expect(containers()).toEqual([]);
  });

  it('takes down again what does not become healthy, with its last words', async () => {
    const { play, containers } = await ground(service('echo the disk is on fire; exit 3'));
    const { error } = await play();
    expect(error?.message).toMatch(/is not healthy: web exited with 3/);
    expect(error?.details.lines).toContain('web: the disk is on fire');
    expect(containers()).toEqual([]);
  });

  it('starts nothing with an image that cannot be had and has no chain', async () => {
    const { play, containers, file } = await ground(service('true').replace(IMAGE, '127.0.0.1:9/gone/web:1.0.0'));
    const { error } = await play('4s', { fix: 'never' });
    expect(error?.message).toContain('cannot be had: 127.0.0.1:9/gone/web:1.0.0');
    expect(error?.details.lines?.[0]).toContain(`${file}:5: `);
    expect(containers()).toEqual([]);
  });

  it.skipIf(noRegistry !== undefined)(
    'replaces an image that is gone by the first of its chain, and says so',
    async () => {
      const registry = await startRegistry();
      onTestFinished(() => registry.stop());
      const fallback = `${registry.host}/web:1.0.1`;
      execFileSync('docker', ['tag', IMAGE, fallback]);
      execFileSync('docker', ['push', '-q', fallback], { stdio: 'ignore' });
      execFileSync('docker', ['rmi', fallback], { stdio: 'ignore' });
      onTestFinished(() => void spawnSync('docker', ['rmi', fallback], { stdio: 'ignore' }));
      const { play, folder, file, steps, containers } = await ground(
        service('exec sleep 600').replace(IMAGE, `${registry.host}/web:1.0.0`),
      );
      const chains = `version: 1\nchains:\n  - image: ${registry.host}/web:1.0.0\n    source: https://example.invalid/\n    fallbacks:\n      - image: ${fallback}\n`;
      execFileSync('mkdir', ['-p', join(folder, 'home')]);
      await writeFile(join(folder, 'home', 'image-chains.yaml'), chains);
      const { error, events } = await play();
      expect(error?.message, error?.details.lines?.join('\n')).toBeUndefined();
      expect(readFileSync(file, 'utf8')).toContain(`image: ${fallback}`);
      expect(readdirSync(folder).filter((name) => /^compose\.yaml.+\d{4}/.test(name))).toHaveLength(1);
      expect(steps.get('up')?.outputs).toMatchObject({
        images_pulled: 1,
        images_fixed: expect.stringContaining('-> '),
      });
      expect(JSON.stringify(events)).toContain('patch');
      expect(containers()).toHaveLength(1);
    },
  );
});
