import { rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { playPlan } from '../../support/play-plan.ts';
import { startFileServer } from '../../support/servers/file-server.ts';

describe('a step that downloads', () => {
  it('fetches what is not there, leaves alone what is, and mends what has another content', async () => {
    const server = await startFileServer(1e6);
    onTestFinished(() => server.close());
    const plan = [
      'steps:',
      '  - id: tool',
      `    download: { url: "${server.url}", output: bin/tool, sha256: ${server.sha256}, mode: "755" }`,
      '',
    ].join('\n');
    const first = await playPlan(plan);
    const path = join(first.folder, 'bin', 'tool');
    expect(first.error).toBeUndefined();
    expect(first.tried).toEqual(['ok']);
    expect(first.steps.get('tool')?.outputs).toMatchObject({ path, sha256: server.sha256, bytes: 1e6, verified: true });
    expect((await stat(path)).mode & 0o777).toBe(0o755);

    await playPlan(plan, { folder: first.folder });
    expect(server.asked).toHaveLength(1);
    await writeFile(path, 'spoiled');
    await playPlan(plan, { folder: first.folder });
    expect(server.asked).toHaveLength(2);
    await rm(path);
    await playPlan(plan, { folder: first.folder });
    expect((await stat(path)).size).toBe(1e6);
  });

  it('is done again when a signature is asked for that was not checked before', async () => {
    const server = await startFileServer(1e5);
    onTestFinished(() => server.close());
    server.instead = (request, response) => request.url === '/file.sig' && response.end('no signature') !== undefined;
    const plan = (more: string) =>
      `steps:\n  - id: tool\n    download: { url: "${server.url}", output: tool, sha256: ${server.sha256}${more} }\n`;
    const steps = new Map();
    const first = await playPlan(plan(''), { steps });
    expect(first.error).toBeUndefined();
    await writeFile(join(first.folder, 'ring.asc'), 'no key');
    const second = await playPlan(plan(`, signature: "${server.url.replace('.bin', '.sig')}", keyring: ring.asc`), {
      folder: first.folder,
      steps,
    });
    expect(second.error?.message).toMatch(/holds no public key|gpg is missing/);
  });

  it.each([
    ['url: ftp://example.org/x, output: x', 'https://example.org/file'],
    ['url: "http://127.0.0.1/x", output: x, sha256: abc', 'is no sha256 sum'],
    ['url: "http://127.0.0.1/x", output: x, keyring: k', 'go together'],
  ])('refuses {%s}', async (spec, said) => {
    await expect(playPlan(`steps:\n  - id: tool\n    download: { ${spec} }\n`)).rejects.toThrow(said);
  });
});
