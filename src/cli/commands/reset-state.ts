import { existsSync } from 'node:fs';
import type { StateDocument } from '../../state/document.ts';
import { acquireLock } from '../../state/lock.ts';
import { type StatePaths, statePaths } from '../../state/paths.ts';
import { readState } from '../../state/read-state.ts';
import { resetState } from '../../state/reset.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { createConsent } from '../../ui/prompt.ts';
import { collectSecrets } from '../collect-secrets.ts';
import type { Options } from '../options.ts';
import { openPlanTelemetry, telemetrySecrets } from '../run-telemetry.ts';
import { consentOptions, type Terminal } from '../terminal.ts';

/**
 * `--reset`: forgets the state, readable or not, keeping dated copies; what is installed stays.
 *
 * @returns exit code
 */
export async function resetPlan(terminal: Terminal, options: Options, cluster: string, plan: string): Promise<number> {
  const paths = statePaths(terminal.home, cluster, plan);
  const lock = await acquireLock(paths, { command: '--reset' });
  try {
    if (!hasState(paths)) {
      terminal.stderr.write('there is no recorded state: nothing to reset\n');
      return 0;
    }
    const telemetry = openTelemetryBefore(terminal, options, paths);
    const consent = createConsent(consentOptions(terminal, options.yes));
    await consent(`Forget the recorded state of "${cluster}" (${plan})? What is installed stays, and a copy is kept.`);
    telemetry.prepare();
    const copies = await resetState(paths);
    telemetry.closeRun('reset');
    await telemetry.close();
    if (options.json) terminal.stdout.write(`${JSON.stringify({ reset: true, copies })}\n`);
    else if (!options.quiet) terminal.stderr.write(`state forgotten; kept: ${copies.join(', ')}\n`);
    return 0;
  } finally {
    await lock.release();
  }
}

/** What is recorded about backends is read before it is forgotten. */
function openTelemetryBefore({ env }: Terminal, options: Options, paths: StatePaths): Telemetry {
  let document: StateDocument | undefined;
  try {
    document = readState(paths).document;
  } catch {
    // Unreadable: forgetting it is the way out.
  }
  const secrets = collectSecrets(env, telemetrySecrets(env));
  return openPlanTelemetry({ paths, document: () => document, options, env, secrets, notify: () => undefined });
}

/** Anything at all, readable or not. */
function hasState({ state, journal, link }: StatePaths): boolean {
  return [state, journal, link].some((path) => path !== undefined && existsSync(path));
}
