import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STEP_IDS } from '../../../src/providers/provider.ts';
import { startCli } from '../cli.ts';
import { findFreePort } from '../free-port.ts';
import { killThoseWith, pidsWith } from '../processes.ts';
import type { Subject } from './subject.ts';

/** create-cluster with provider host, on ports of its own. */
export async function createHostSubject(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'ccx-crash-host-'));
  const home = join(folder, 'home');
  const data = join(home, 'data');
  const ports = { prometheus: await findFreePort(), alertmanager: await findFreePort() };
  const flags = Object.entries(ports).flatMap(([name, port]) => ['--port', `${name}=${port}`]);
  const install = ['--provider', 'host', '--yes', ...flags];
  const serversOf = (name: string) => pidsWith(`=${join(data, 'o11y-dev', name, 'data')}`);
  return {
    name: 'host',
    home,
    cwd: folder,
    program: 'create-cluster',
    install,
    resume: [...install, '--resume'],
    steps: STEP_IDS,
    cluster: 'o11y-dev',
    plan: 'create-cluster',
    async clear() {
      await startCli('create-cluster', ['--delete', '--provider', 'host', '--yes'], { home, cwd: folder }).ended;
      const left = pidsWith(data);
      if (left.length > 0) throw new Error(`--delete has left ${left.join(', ')}`);
    },
    async findFaults() {
      const faults: string[] = [];
      for (const name of ['prometheus', 'alertmanager'] as const) {
        const pids = serversOf(name);
        if (pids.length !== 1) faults.push(`${pids.length} processes of ${name}`);
        const answer = await fetch(`http://127.0.0.1:${ports[name]}/-/ready`).catch(() => undefined);
        if (answer?.status !== 200) faults.push(`${name} does not answer`);
      }
      return faults;
    },
    async destroy() {
      killThoseWith(data);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
