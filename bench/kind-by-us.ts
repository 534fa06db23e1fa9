import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StepRecord } from '../src/engine/record.ts';
import { KIND_PORTS } from '../src/providers/kind/ports.ts';
import { findFreePort } from '../test/support/free-port.ts';
import { runChild } from './child.ts';
import type { Stack } from './kind-by-hand.ts';
import { buildPrograms, programPath } from './programs.ts';
import type { Workspace } from './workspace.ts';

/** One installation of ours in a home of its own. */
export interface Installation {
  /** Runs create-cluster with further flags. @returns wall time in milliseconds */
  run(...flags: readonly string[]): Promise<number>;
  /** Starts an installation and kills it with SIGKILL once the step is recorded as completed. */
  runAndKillAfter(step: string): Promise<void>;
  steps(): Promise<Readonly<Record<string, StepRecord>>>;
  remove(): Promise<void>;
}

export async function prepareInstallation(workspace: Workspace, name: string, stack: Stack): Promise<Installation> {
  const home = workspace.makeFolder();
  const env = { ...workspace.env, CONTEXTCORE_HOME: home, KUBECONFIG: join(home, 'kubeconfig') };
  // As the launchers start it.
  await buildPrograms();
  const base = ['--max-semi-space-size=1', programPath('create-cluster'), '--cluster', name];
  const flags = ['--provider', 'kind', '--components', stack.components.join(','), '--node-image', stack.nodeImage];
  for (const { name: port, component } of KIND_PORTS) {
    if (stack.components.includes(component)) flags.push('--port', `${port}=${await findFreePort()}`);
  }
  const install = [...base, ...flags, '--yes', '--quiet'];
  const steps = async () => {
    const { stdout } = await runChild(process.execPath, [...base, '--status', '--json'], { env });
    return (JSON.parse(stdout) as { steps?: Record<string, StepRecord> }).steps ?? {};
  };
  return {
    steps,
    run: async (...more) => (await runChild(process.execPath, [...install, ...more], { env })).ms,
    async runAndKillAfter(step) {
      const child = spawn(process.execPath, install, { env, stdio: 'ignore' });
      try {
        while ((await steps())[step]?.status !== 'completed') await stillRuns(child);
      } finally {
        child.kill('SIGKILL');
        if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      }
    },
    remove: async () => {
      await runChild(process.execPath, [...base, '--delete', '--yes', '--quiet'], { env });
    },
  };
}

async function stillRuns(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) throw new Error(`create-cluster ended with ${child.exitCode} before it was killed`);
  await sleep(200);
}
