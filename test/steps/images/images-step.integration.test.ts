import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METRICS } from '../../../src/telemetry/names.ts';
import { makeGround } from '../../support/cli.ts';
import { pushImage, REGISTRY, type RunningRegistry, startRegistry } from '../../support/servers/registry.ts';
import { missingPrograms } from '../../support/servers/start-server.ts';

const missing = await missingPrograms(REGISTRY);

describe.skipIf(missing !== undefined)(`a step of kind images${missing === undefined ? '' : `: ${missing}`}`, () => {
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startRegistry();
    await pushImage(registry.url, 'shop/web:1.2.4');
    await pushImage(registry.url, 'shop/web:2.0.0');
  });
  afterAll(() => registry?.stop());

  /** A plan whose compose file asks for version 1.2.3, which is gone. */
  function prepare(link: string, more = {}) {
    const ground = makeGround();
    const compose = join(ground.folder, 'compose.yaml');
    writeFileSync(compose, `# kept\nservices:\n  web:\n    image: "${registry.host}/shop/web:1.2.3" # why\n`);
    mkdirSync(ground.home);
    const chain = {
      image: `${registry.host}/shop/web:1.2.3`,
      fallbacks: [{ image: `${registry.host}/shop/web:${link}` }],
    };
    writeFileSync(join(ground.home, 'image-chains.yaml'), JSON.stringify({ version: 1, chains: [chain] }));
    const step = { id: 'images', images: { files: 'compose.yaml', ...more } };
    const plan = join(ground.folder, 'plan.yaml');
    writeFileSync(plan, JSON.stringify({ name: 'shop', steps: [step] }));
    return { ground, compose, plan };
  }

  test('a tag that is gone is replaced: in the file, the state and the metrics; again: nothing to do', async () => {
    const { ground, compose, plan } = prepare('1.2.4');
    const { exitCode, stderr } = await ground.install(['run', plan, '--otlp-file', ground.folder]);
    expect(exitCode, stderr).toBe(0);
    expect(readFileSync(compose, 'utf8')).toBe(
      `# kept\nservices:\n  web:\n    image: "${registry.host}/shop/web:1.2.4" # why\n`,
    );
    expect(stderr).toMatch(/shop\/web:1\.2\.3 -> .*shop\/web:1\.2\.4: patch version/);
    const state = JSON.parse(readFileSync(join(ground.home, 'state/o11y-dev/shop/install-state.json'), 'utf8'));
    expect(state.steps.images.outputs.images_fixed).toContain('patch version');
    expect(readFileSync(join(ground.folder, 'metrics.jsonl'), 'utf8')).toContain(METRICS.fallbacks.name);
    const again = await ground.install(['run', plan]);
    expect(again.exitCode, again.stderr).toBe(0);
    expect(again.stderr).not.toContain('->');
  });

  test('more than is allowed is asked for: without consent nothing is written', async () => {
    const { ground, compose, plan } = prepare('2.0.0');
    const before = readFileSync(compose, 'utf8');
    const refused = await ground.install(['run', plan]);
    expect(refused.exitCode, refused.stderr).toBe(2);
    expect(readFileSync(compose, 'utf8')).toBe(before);
    const agreed = await ground.install(['run', plan, '--yes']);
    expect(agreed.exitCode, agreed.stderr).toBe(0);
    expect(readFileSync(compose, 'utf8')).toContain('shop/web:2.0.0');
  });

  test('never: the image is named with its file and line', async () => {
    const { ground, plan } = prepare('1.2.4', { fix: 'never' });
    const { exitCode, stderr } = await ground.install(['run', plan]);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/compose\.yaml:4/);
  });
});
