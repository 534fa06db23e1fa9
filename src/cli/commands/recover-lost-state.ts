import { InstallerError } from '../../errors/installer-error.ts';
import { rebuildDocument } from '../../state/rebuild.ts';
import { queryTarget } from '../../telemetry/delivery/find-backends.ts';
import type { ToldRun } from '../../telemetry/read-back/last-run.ts';
import type { Endpoint } from '../../telemetry/settings.ts';
import { rebuildCommand } from '../../ui/next-command.ts';
import type { Options } from '../options.ts';
import { telemetrySettings } from '../run-telemetry.ts';
import type { Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import type { RecoveredFields } from './recover-installation.ts';
import { recoverRun } from './recover-run.ts';

/** Nobody waits long for what can be done without. */
const TIMEOUT_MS = 5_000;

/**
 * An installation is here, but its state is lost: where metrics tell its last run, offers to take the steps from there.
 * Without that, and without an answer, the run finds out by looking what is done already.
 *
 * @param recovered what was found of the installation itself
 * @throws InstallerError `interrupted` when the question is ended by Ctrl-C, `state_unusable` when it cannot be recorded
 */
export async function recoverLostState(
  session: Session,
  terminal: Terminal,
  options: Options,
  recovered: RecoveredFields,
): Promise<void> {
  const { state, paths } = session;
  if (state.run.run_id !== undefined || Object.keys(state.document.steps).length > 0) return;
  tell(session, `an installation of provider ${recovered.provider} is here, but no state of it: it is taken over`);
  const settings = telemetrySettings(options, terminal.env, session.ports.secrets);
  const query = queryTarget(settings, { ports: recovered.options.ports, outputs: {} });
  if (query === undefined) return;
  const run = await recoverRun(query, settings, paths, TIMEOUT_MS).catch((thrown: unknown) => {
    if (thrown instanceof InstallerError) return undefined;
    throw thrown;
  });
  // Whoever has reset it wanted to have it forgotten.
  if (run === undefined || run.closed !== undefined) return;
  if (!(await agrees(session, query, run))) return;
  const known = { cluster: paths.cluster, ...run };
  const { steps, ...fields } = rebuildDocument(known, query.url, Date.now());
  await state.record({ at: new Date().toISOString(), run: fields, steps });
  tell(session, `its steps are known again from ${query.url}; nothing of that is trusted before it was looked at`);
}

async function agrees(session: Session, { url }: Endpoint, { startedAt }: ToldRun): Promise<boolean> {
  const begun = new Date(startedAt).toISOString().replace(/\.\d+Z$/, 'Z');
  try {
    await session.consent(`${url} knows its last run, which began at ${begun}. Take the steps from there?`);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof InstallerError)) throw thrown;
    if (thrown.code === 'consent_declined') return false;
    if (thrown.code !== 'consent_needed') throw thrown;
    tell(
      session,
      `its last run is known to ${url}; to take the steps from there: ${rebuildCommand(session.target, url)}`,
    );
    return false;
  }
}

function tell({ reporter }: Session, message: string): void {
  reporter.listener({ type: 'notice', at: Date.now(), level: 'info', message });
}
