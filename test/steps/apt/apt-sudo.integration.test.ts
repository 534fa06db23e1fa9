import { describe, expect, it } from 'vitest';
import { IS_INSTALLED, makeAptGround } from '../../support/apt/ground.ts';
import { prepareDebian } from '../../support/apt/prepared-debian.ts';
import { findFreePort } from '../../support/free-port.ts';

const { image, missing } = prepareDebian();
const NOT_ROOT = 'only root may install packages';

/** A system with `free`, whose sudo asks for nothing, `asked`, whose sudo wants a password, and `nobody_else`. */
async function makeUsers() {
  const ground = await makeAptGround({ image });
  await ground.run(`for user in free asked nobody_else; do useradd -m $user; echo $user:secret | chpasswd; done
    echo 'free ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/free; echo 'asked ALL=(ALL) ALL' >/etc/sudoers.d/asked`);
  return ground;
}

describe.skipIf(missing !== undefined)(`apt without root${missing === undefined ? '' : ` (${missing})`}`, () => {
  it('installs, mends and falls back with sudo that asks for no password, and leaves nothing of root behind', async () => {
    const { run, url, use } = await makeUsers();
    await use(`http://127.0.0.1:${await findFreePort()}`);
    const { exitCode, output } = await run(
      `installer_as free apt install --delay 100ms --mirror ${url} interrupted tool && ${IS_INSTALLED} interrupted tool
       ls -d /tmp/contextcore-apt-*; find /home/free ! -user free`,
    );
    expect([exitCode, output]).toEqual([0, expect.stringContaining('interrupted installed\ntool installed\n')]);
    expect(output).toContain('repair: dpkg --configure -a');
    expect(output).toContain(`taken from ${url} instead`);
    expect(output).toMatch(/cannot access '\/tmp\/contextcore-apt-\*'[^\n]*\n$/);
  });

  it("waits with sudo for a lock of root's and says who holds it", async () => {
    const { run } = await makeUsers();
    const { exitCode, output } = await run(
      'while_locked /var/lib/dpkg/lock-frontend installer_as free apt install tool',
    );
    expect([exitCode, output]).toEqual([0, expect.stringContaining('Setting up tool')]);
    expect(output).toMatch(/\(process \d+\) holds \/var\/lib\/dpkg\/lock-frontend: waiting/);
  });

  it('does not ask for the password that sudo wants, not even on a terminal', async () => {
    const { run } = await makeUsers();
    const { exitCode, output } = await run('installer_as asked apt install tool </dev/null');
    expect([exitCode, output]).toEqual([
      3,
      expect.stringContaining(`✗ ${NOT_ROOT}, and sudo: a password is required\n`),
    ]);
    expect(output).toContain('let sudo work without a password');
    // Somebody who waits for an answer would be ended by `timeout`, with 124.
    const terminal = await run('on_terminal installer_as asked apt install tool');
    expect(terminal).toEqual({ exitCode: 3, output: expect.stringMatching(/only root may install/) });
  });

  it('takes what sudo refuses later for nothing else, such as a broken package system', async () => {
    const { run } = await makeUsers();
    await run("echo 'nobody_else ALL=(ALL) NOPASSWD: /usr/bin/true' >/etc/sudoers.d/nobody_else");
    const { exitCode, output } = await run(
      'installer_as nobody_else apt install --yes tool; code=$?; ls -d /tmp/contextcore-apt-*; exit $code',
    );
    expect([exitCode, output]).toEqual([1, expect.stringMatching(/✗ dpkg-query: sudo: a password is required\n/)]);
    expect(output).not.toContain('repair');
    expect(output).toContain("cannot access '/tmp/contextcore-apt-*'");
  });

  it('says that there is no sudo, and changes nothing', async () => {
    const { run } = await makeUsers();
    const { exitCode, output } = await run('rm "$(command -v sudo)"; installer_as nobody_else apt install tool');
    expect([exitCode, output]).toEqual([3, expect.stringContaining(`✗ ${NOT_ROOT}, and there is no sudo here\n`)]);
    expect((await run(`${IS_INSTALLED} tool`)).output).not.toContain('tool installed');
    expect((await run('ls /var/lib/apt/lists')).output).not.toContain('Packages');
  });
});
