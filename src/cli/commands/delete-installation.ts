import { existsSync } from 'node:fs';
import { rm, rmdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Plan } from '../../engine/plan.ts';
import { rollBack } from '../../engine/roll-back.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ClusterConfig } from '../../providers/provider.ts';
import { sharedFolder } from '../../state/shared-store.ts';
import type { Options } from '../options.ts';
import { spoolFolder } from '../run-telemetry.ts';
import type { Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import type { PreparedPlan } from './prepare-plan.ts';

/**
 * `create-cluster --delete`: takes back what this installer made, newest first, then forgets the state.
 * Without a state the mark on the thing itself must prove that it is ours.
 *
 * @returns exit code
 * @throws InstallerError `not_ours` without a state or a mark; the failure that stopped the rollback
 */
export async function deleteInstallation(
  session: Session,
  terminal: Terminal,
  options: Options,
  prepared: PreparedPlan,
): Promise<number> {
  const { config, provider } = prepared;
  const recorded = session.state.run.run_id !== undefined;
  const plan = recorded ? prepared.plan : await proveOwnership(prepared);
  if (plan === undefined) {
    await session.forget();
    terminal.stderr.write(`nothing to delete: there is no cluster "${config.cluster}"\n`);
    return 0;
  }
  await session.consent(`Delete the installation "${config.cluster}" (${provider.name}) and its data?`);
  const failure = await rollBack(plan, session.ports, { runId: session.runId, signal: session.signal, all: !recorded });
  await session.reporter.finish();
  if (failure !== undefined) {
    throw failure.with({ hint: 'what was taken back stays so; mend the cause and run --delete again' });
  }
  // Only what we made lies in it, and all of that is gone but for its leftovers, such as a kubeconfig.
  await rm(config.dataDir, { recursive: true, force: true });
  await rmdir(dirname(config.dataDir)).catch(() => undefined);
  await session.forget();
  session.telemetry.closeRun('deleted');
  if (!options.quiet) for (const line of whatStays(session, config)) terminal.stderr.write(`${line}\n`);
  return 0;
}

/** The plan with the install id that the mark names; undefined when there is nothing of that name at all. */
async function proveOwnership(prepared: PreparedPlan): Promise<Plan | undefined> {
  const { provider, config } = prepared;
  const { owner, installId, reason } = await provider.ownership(config);
  if (owner === 'absent') return undefined;
  if (owner === 'ours') return prepared.withInstallId(installId ?? config.installId);
  if (owner === 'unknown') {
    throw new InstallerError('engine_unreachable', `cannot tell whose "${config.cluster}" is: ${reason}`, {
      hint: 'nothing was deleted; see to it that it can be reached, then run --delete again',
    });
  }
  throw new InstallerError('not_ours', `"${config.cluster}" was not made by this installer: ${reason}`, {
    hint: `nothing was deleted; if you want it gone: kind delete cluster --name ${config.cluster}`,
  });
}

function whatStays(session: Session, config: ClusterConfig): readonly string[] {
  const kept = [
    ['downloads', config.binDir],
    ['logs', session.paths.logs],
    ['history', session.paths.history],
    ['undelivered telemetry', spoolFolder(session.paths)],
    ['what is known of services', sharedFolder(session.paths.home)],
  ] as const;
  return [
    'deleted; what stays:',
    ...kept.filter(([, path]) => existsSync(path)).map(([what, path]) => `  ${what}  ${path}`),
  ];
}
