import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Ground, makeGround } from '../support/cli.ts';
import { writeFile } from '../support/cli-files.ts';
import { type FaultyWay, startFaultyWay } from '../support/servers/faulty-way.ts';
import { pushImage, REGISTRY, type RunningRegistry, startRegistry } from '../support/servers/registry.ts';
import { missingPrograms } from '../support/servers/start-server.ts';

const missing = await missingPrograms(REGISTRY);
const ILL_MS = 30_000;
/** More than are asked for at once. */
const NAMES = Array.from({ length: 20 }, (_, number) => `us/app-${number}:1`);

/** A way to a registry that is ill from the first question on. */
interface IllWay extends FaultyWay {
  /** When it was asked while it was ill, in milliseconds since the first time. */
  refusedAt: number[];
  healed: boolean;
}

describe.skipIf(missing !== undefined)(`a registry that is ill for 30 s${missing ? ` (${missing})` : ''}`, () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
    for (const name of NAMES) await pushImage(registry.url, name, { platforms: ['linux/amd64', 'linux/arm64'] });
  });
  afterAll(() => registry?.stop());

  async function startIllWay(): Promise<IllWay> {
    const ill = Object.assign(await startFaultyWay(registry.url), { refusedAt: [] as number[], healed: false });
    onTestFinished(() => ill.close());
    let began: number | undefined;
    ill.fault = () => {
      began ??= performance.now();
      const at = performance.now() - began;
      ill.healed = at >= ILL_MS;
      if (ill.healed) return undefined;
      ill.refusedAt.push(at);
      return { status: 503 };
    };
    return ill;
  }

  function writeList(ground: Ground, { host }: IllWay): string {
    return writeFile(ground.folder, 'images.txt', `${NAMES.map((name) => `${host}/${name}`).join('\n')}\n`);
  }

  /** Told each time what is waited for, and not asked more often than that. */
  function expectPatience(said: string, { host, refusedAt, healed }: IllWay): void {
    const waits = said.match(/attempt \d failed \(server_error\): .*\(503\); again in \d+/g) ?? [];
    expect(waits.length, said).toBeGreaterThanOrEqual(3);
    expect(waits.length).toBeLessThanOrEqual(4);
    expect(said).toContain(`${host}: attempt 1 failed`);
    expect(healed).toBe(true);
    // Sixteen at once, then the one that finds out when it is back.
    expect(refusedAt.length).toBeLessThanOrEqual(16 + waits.length);
  }

  async function checkByCommand(): Promise<void> {
    const [ground, way] = [makeGround(), await startIllWay()];
    const { exitCode, stdout, stderr } = await ground.install(['images', 'check', writeList(ground, way)]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(stdout.match(/^✓ .* registry /gm)).toHaveLength(NAMES.length);
    expectPatience(stderr, way);
  }

  async function checkByStep(): Promise<void> {
    const [ground, way] = [makeGround(), await startIllWay()];
    writeList(ground, way);
    const plan = 'name: ill\nsteps:\n  - id: images\n    images: { files: [images.txt], fix: never }\n';
    const args = ['run', writeFile(ground.folder, 'plan.yaml', plan)];
    const { exitCode, stdout, stderr } = await ground.install(args);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expectPatience(stdout + stderr, way);
  }

  // Both at once: each has a way and a home of its own, and nothing to do but wait.
  it('is waited for by images check, and by a step of images', async () => {
    await Promise.all([checkByCommand(), checkByStep()]);
  });
});
