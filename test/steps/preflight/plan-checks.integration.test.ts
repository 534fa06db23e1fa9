import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findFreePort } from '../../support/free-port.ts';
import { startSite } from '../../support/http-site.ts';
import { type PlayOptions, playPlan } from '../../support/play-plan.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

function look(settings: string, options: PlayOptions = {}) {
  const more = '\n  - { id: later, run: touch later }';
  return playPlan(`steps:\n  - id: look\n    preflight: ${settings}${more}\n`, options);
}

describe('preflight of a plan', () => {
  it('passes what is there, and goes on', async () => {
    const site = await startSite({ '/': 'hello' });
    onTestFinished(() => site.close());
    const { error, steps } = await look(
      `{ disk_gb: 0.001, memory_gb: 0.01, cpus: 1, disks: { /: 0.001 }, ports: [${await findFreePort()}], clock: true, ` +
        `commands: [sh, node >= 18], urls: ['${site.url}/', '${site.url}/gone'], writable: [made/later], user: ${process.getuid?.() === 0 ? 'root' : 'not_root'} }`,
    );
    expect(error).toBeUndefined();
    expect(steps.get('look')?.outputs).toEqual({ ok: 12, warning: 0, error: 0 });
    expect(steps.get('later')?.status).toBe('completed');
  });

  it('tells everything that is missing at once, with exit code 3, and changes nothing', async () => {
    const site = await startSite({ '/': (_request, response) => response.writeHead(503).end() });
    onTestFinished(() => site.close());
    const held = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void held.close());
    await new Promise((resolve) => held.once('listening', resolve));
    const { port } = held.address() as { port: number };
    const free = await findFreePort();
    const { error, steps } = await look(
      `{ profile: rtpi, disk_gb: 1e9, memory_gb: 1e6, ports: [${port}], commands: [no-such-program, 'sh2 >= 1', node >= 999], ` +
        `urls: ['${site.url}/', 'http://127.0.0.1:${free}/'] }`,
      { env: { ...process.env, PATH: `${await oldSh2()}:${process.env.PATH}` } },
    );
    expect(error?.exitCode).toBe(3);
    const lines = error?.details.lines?.join('\n') ?? '';
    expect(lines).toMatch(/disk: .* GB free at .*; 1000000000 GB are needed/);
    expect(lines).toMatch(/memory: .*1000000 GB are needed/);
    expect(lines).toContain(`port ${port} (plan): is held by`);
    expect(lines).toContain('or another port in the plan');
    expect(lines).toContain('no-such-program: not found; it is needed');
    expect(lines).toMatch(/sh2: 0\.9 \(.*sh2\); 1 or newer is needed/);
    expect(lines).toMatch(/node: \d+\.\d+\.\d+ .*; 999 or newer is needed/);
    expect(lines).toContain(`${site.url}/: answers with 503`);
    expect(lines).toContain(`127.0.0.1:${free} could not be asked`);
    expect(steps.get('later')?.status ?? 'pending').toBe('pending');
  });

  it('has thresholds by a profile, each replaced by one of its own, 0 to switch it off', async () => {
    const off = await look('{ profile: rtpi, disk_gb: 0, memory_gb: 0, cpus: 1 }');
    expect(off.steps.get('look')?.outputs).toMatchObject({ ok: 1, error: 0 });
    await expect(look('{ profile: nope }')).rejects.toThrow(
      'plan.yaml:3: steps.0.preflight.profile: there is no profile',
    );
    await expect(look('{}')).rejects.toThrow('there is nothing to check');
    await expect(look('{ commands: ["node > 3"] }')).rejects.toThrow('preflight.commands.0: must be a program');
  });

  it('warns only, once the step has been done that takes what is missing', async () => {
    const { error, steps, events } = await look('{ memory_gb: 1e6, until: later }', {
      steps: new Map([['later', { status: 'completed' }]]),
    });
    expect(error).toBeUndefined();
    expect(steps.get('look')?.outputs).toMatchObject({ warning: 1, error: 0 });
    expect(JSON.stringify(events)).toContain('no hindrance: later is done');
  });
});

/** A folder with a program that tells its version only by `version`. */
async function oldSh2(): Promise<string> {
  const folder = await makeTempFolder();
  await writeFile(join(folder, 'sh2'), '#!/bin/sh\n[ "$1" = version ] && echo sh2 version 0.9 || exit 2\n');
  await chmod(join(folder, 'sh2'), 0o755);
  return folder;
}
