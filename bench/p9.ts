import { join } from 'node:path';
import { findFreePort } from '../test/support/free-port.ts';
import { findProgram, runChild } from './child.ts';
import { type Candidate, interleave, ratiosTo } from './measure.ts';
import { buildPrograms, programPath } from './programs.ts';
import { startReceiver } from './receiver.ts';
import { type Bound, makeRow, missingRow } from './row.ts';
import type { Target } from './target.ts';
import type { Workspace } from './workspace.ts';

const TITLE = 'an installation on provider host with traces, metrics and logs, to one with none of them';
const BOUND: Bound = { at: 'most', value: 1.02 };
const OFF = 'off';
const ON = 'on';
const ROUNDS = 3;

/** What telemetry costs a real installation, when its backend is well. */
export const p9: Target = {
  id: 'P9',
  async measure(workspace) {
    const missing = ['prometheus', 'prometheus-alertmanager'].filter((name) => findProgram(name) === undefined);
    if (missing.length > 0) return [missingRow('P9', TITLE, BOUND, `not on the PATH: ${missing.join(', ')}`)];
    await buildPrograms();
    const receiver = await startReceiver('healthy');
    try {
      const on = await install(workspace, ON, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.endpoint });
      const off = await install(workspace, OFF, { OTEL_SDK_DISABLED: 'true' });
      // The first of each makes programs its own.
      await on.run();
      await off.run();
      const ratios = ratiosTo(OFF, await interleave([off, on], ROUNDS));
      return [makeRow({ id: 'P9', title: TITLE, value: ratios[ON] ?? Number.NaN, bound: BOUND })];
    } finally {
      receiver.close();
    }
  },
};

/** A whole installation each time, taken back afterwards; downloads stay. */
async function install(workspace: Workspace, name: string, more: Record<string, string>): Promise<Candidate> {
  const home = workspace.makeFolder();
  const ports = ['prometheus', 'alertmanager'];
  const flags = await Promise.all(ports.map(async (port) => ['--port', `${port}=${await findFreePort()}`]));
  const env = { ...workspace.env, CONTEXTCORE_HOME: home, KUBECONFIG: join(home, 'kubeconfig'), ...more };
  const program = ['--max-semi-space-size=1', programPath('create-cluster'), '--provider', 'host', '--yes', '--quiet'];
  return {
    name,
    async run() {
      try {
        return (await runChild(process.execPath, [...program, ...flags.flat()], { env })).ms;
      } finally {
        await runChild(process.execPath, [...program, '--delete'], { env });
      }
    },
  };
}
