import { describe, expect, it } from 'vitest';
import { missingDebian } from '../../support/apt/debian.ts';
import { IS_INSTALLED, makeAptGround } from '../../support/apt/ground.ts';

const missing = missingDebian();

describe.skipIf(missing !== undefined)(
  `apt on a system that is not well${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    it('goes on after dpkg was killed in the middle', async () => {
      const { run } = await makeAptGround();
      const { exitCode, output } = await run(
        `installer apt install --delay 100ms interrupted; echo "exit $?"; ${IS_INSTALLED} interrupted`,
      );
      expect([exitCode, output]).toEqual([0, expect.stringMatching(/exit 0\ninterrupted installed\n$/)]);
      expect(output).toContain('attempt 1 failed (broken_state)');
      expect(output).toContain('not fully installed: interrupted; repair: dpkg --configure -a');
    });

    it('says which remedies did not help when a package can never be installed', async () => {
      const { run } = await makeAptGround();
      const { exitCode, output } = await run('installer apt install --delay 100ms hopeless');
      expect(exitCode).toBe(1);
      expect(output).toContain('its script fails');
      expect(output).toMatch(/✗ the package system is broken .*hopeless.*dpkg --configure -a; apt-get -f install/);
      expect(
        (await run('dpkg --remove --force-remove-reinstreq hopeless; installer apt install library')).exitCode,
      ).toBe(0);
    });

    it('waits for whoever holds the lock and says who, or who did not let go of it in time', async () => {
      const { run } = await makeAptGround();
      const released = await run('while_locked /var/lib/dpkg/lock-frontend installer apt install tool');
      expect([released.exitCode, released.output]).toEqual([0, expect.stringContaining('Setting up tool')]);
      expect(released.output).toMatch(/perl \(process \d+\) holds \/var\/lib\/dpkg\/lock-frontend: waiting/);
      expect(released.output).not.toContain('attempt 1 failed');
      const kept = await run(
        'hold_lock /var/lib/apt/lists/lock 600; installer apt install --budget 12s tool; code=$?; kill $!; exit $code',
      );
      expect(kept.exitCode).toBe(100);
      expect(kept.output).toMatch(
        /✗ perl \(process \d+\) holds \/var\/lib\/apt\/lists\/lock, and did not let go of it within/,
      );
    });

    it('throws corrupt lists away and restores a corrupt record of packages, when it may', async () => {
      const { run } = await makeAptGround();
      await run('apt-get update; for list in /var/lib/apt/lists/*_Packages; do echo "no index" >$list; done');
      const refused = await run('installer apt install tool');
      expect([refused.exitCode, refused.output]).toEqual([2, expect.stringContaining('the same command with --yes')]);
      const cleaned = await run('installer apt install --yes --delay 100ms tool');
      expect([cleaned.exitCode, cleaned.output]).toEqual([
        0,
        expect.stringContaining('repair: the package lists are thrown away'),
      ]);

      await run('head -c 5000 /dev/urandom >/var/lib/dpkg/status');
      const asked = await run('installer apt install interrupted');
      expect([asked.exitCode, asked.output]).toEqual([
        2,
        expect.stringContaining('restored from /var/lib/dpkg/status-old'),
      ]);
      const restored = await run(
        `installer apt install --yes --delay 100ms tool; echo "exit $?"; ${IS_INSTALLED} tool library; ls /var/lib/dpkg`,
      );
      expect(restored.output).toContain("repair: dpkg's record is restored from /var/lib/dpkg/status-old");
      expect(restored.output).toMatch(/exit 0\nlibrary installed\ntool installed\n/);
      expect(restored.output).toMatch(/status\.broken-\d{8}T/);
    });
  },
);
