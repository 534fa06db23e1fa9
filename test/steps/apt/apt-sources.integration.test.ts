import { describe, expect, it } from 'vitest';
import { missingDebian } from '../../support/apt/debian.ts';
import { IS_INSTALLED, makeAptGround } from '../../support/apt/ground.ts';
import { findFreePort } from '../../support/free-port.ts';

const missing = missingDebian();

describe.skipIf(missing !== undefined)(`apt and its sources${missing === undefined ? '' : ` (${missing})`}`, () => {
  it('takes a mirror when the repository is down, and leaves the sources and lists of the user alone', async () => {
    const { run, url, use } = await makeAptGround();
    const down = `http://127.0.0.1:${await findFreePort()}`;
    await use(down);
    const { exitCode, output } = await run(`installer apt install --delay 100ms --mirror ${url} tool`);
    expect([exitCode, output]).toEqual([0, expect.stringContaining('Setting up tool')]);
    expect(output).toMatch(/attempt 1 failed \(network_reset\): Failed to fetch/);
    expect(output).toContain(`taken from ${url} instead; no checksum tells that it is the same`);
    const after = await run('cat /etc/apt/sources.list; ls /var/lib/apt/lists; ls -d /tmp/contextcore-apt-*');
    expect(after.output).toContain(`deb [trusted=yes] ${down} ./`);
    expect(after.output).not.toContain('_Packages');
    expect(after.output).toContain("cannot access '/tmp/contextcore-apt-*'");
  });

  it('fetches an index again of which it got half, and gives up with its reason when it stays so', async () => {
    const { run, pages } = await makeAptGround();
    const whole = pages['/./Packages.gz'] as Buffer;
    let asked = 0;
    pages['/./Packages.gz'] = (_request: unknown, response: { end(body: Buffer): void }) => {
      asked += 1;
      response.end(asked === 1 ? whole.subarray(0, 100) : whole);
    };
    const healed = await run('installer apt install --delay 100ms library');
    expect([healed.exitCode, healed.output]).toEqual([0, expect.stringContaining('partial files are removed')]);
    expect(healed.output).toMatch(/attempt 1 failed \(checksum\): .*File has unexpected size/);

    pages['/./Packages.gz'] = whole.subarray(0, 100);
    const { exitCode, output } = await run(
      'rm -rf /var/lib/apt/lists/*; installer apt install --attempts 2 --delay 100ms tool',
    );
    expect([exitCode, output]).toEqual([100, expect.stringMatching(/✗ Failed to fetch .*unexpected size/)]);
  });

  it('is a step of a plan that is kept while it is so, and takes back only what it has installed', async () => {
    const { run } = await makeAptGround();
    await run(`apt-get -qq update; apt-get -qqy install library; mkdir /plan; cd /plan
      printf 'steps:\\n  - id: packages\\n    apt: { packages: [tool, library=1.0], budget: 5m }\\n' >plan.yaml`);
    const plan = async (verb: string) => await run(`installer ${verb} /plan/plan.yaml --yes --no-color`);
    expect(await plan('run')).toMatchObject({ exitCode: 0 });
    const state = await run('cat /root/.contextcore/state/*/plan/install-state.json');
    expect(JSON.parse(state.output)).toMatchObject({
      steps: { packages: { status: 'completed', outputs: { installed: 'tool' } } },
    });
    expect(
      (await run('rm -rf /var/lib/apt/lists/*; installer run /plan/plan.yaml; ls /var/lib/apt/lists')).output,
    ).not.toContain('_Packages');
    expect(await plan('rollback')).toMatchObject({ exitCode: 0 });
    expect((await run(`${IS_INSTALLED} library; ${IS_INSTALLED} tool`)).output).toMatch(
      /^library installed\n(?!tool installed)/,
    );
  });
});
