import { existsSync } from 'node:fs';
import { DEFAULT_CLUSTER } from '../../engine/plan.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { CREATE_CLUSTER } from '../../plans/create-cluster/plan.ts';
import { acquireLock } from '../../state/lock.ts';
import { statePaths } from '../../state/paths.ts';
import { type KnownState, rebuildDocument, replaceState } from '../../state/rebuild.ts';
import { commandFor } from '../../ui/next-command.ts';
import { createPaint } from '../../ui/paint.ts';
import { createConsent } from '../../ui/prompt.ts';
import { stepTable } from '../../ui/step-table.ts';
import { collectSecrets } from '../collect-secrets.ts';
import { readOptions } from '../options.ts';
import type { Invocation } from '../program.ts';
import { telemetrySecrets, telemetrySettings } from '../run-telemetry.ts';
import { consentOptions, type Terminal, viewOf } from '../terminal.ts';
import { recoverInstallation } from './recover-installation.ts';
import { recoverRun } from './recover-run.ts';

const TIMEOUT_MS = 30_000;

/**
 * `rebuild-state --cluster C --from URL`: a lost state, from the metrics that its runs have sent.
 *
 * @returns exit code
 * @throws InstallerError `remote_unavailable` when they do not tell enough; nothing was changed then
 */
export async function rebuildState({ flags }: Invocation, terminal: Terminal): Promise<number> {
  const { from, plan = CREATE_CLUSTER, ...shared } = flags;
  const options = readOptions({ ...shared });
  const paths = statePaths(terminal.home, options.cluster ?? DEFAULT_CLUSTER, String(plan));
  const secrets = collectSecrets(terminal.env, telemetrySecrets(terminal.env));
  const wishes = from === undefined ? {} : { queryUrl: String(from) };
  const settings = telemetrySettings({ telemetry: { ...options.telemetry, ...wishes } }, terminal.env, secrets);
  const { query } = settings;
  if (query === undefined) {
    throw new InstallerError('usage', 'rebuild-state needs to know whom to ask', {
      hint: '--from http://HOST:PORT, the address of a Prometheus API, or CONTEXTCORE_QUERY_URL',
    });
  }
  const lock = await acquireLock(paths, { command: 'rebuild-state' });
  try {
    const run = await recoverRun(query, settings, paths, TIMEOUT_MS);
    const found = paths.plan === CREATE_CLUSTER ? await recoverInstallation(terminal, paths, options) : {};
    const known: KnownState = { ...run, ...found, cluster: paths.cluster };
    const document = rebuildDocument(known, query.url, Date.now());
    if (!options.json) terminal.stderr.write(`${describe(known, query.url, terminal, options.color)}\n`);
    const consent = createConsent(consentOptions(terminal, options.yes));
    const instead = existsSync(paths.state) ? ' in place of the one that is there (a dated copy is kept)' : '';
    await consent(`Write this as the state of "${paths.cluster}" (${paths.plan})${instead}?`);
    const copies = await replaceState(paths, document);
    const next = commandFor('resume', { cluster: paths.cluster, plan: paths.plan });
    if (options.json) terminal.stdout.write(`${JSON.stringify({ state: paths.state, copies, document })}\n`);
    else {
      for (const copy of copies) terminal.stderr.write(`kept: ${copy}\n`);
      terminal.stderr.write(`written: ${paths.state}\n  nothing of it is trusted before it was looked at: ${next}\n`);
    }
    return 0;
  } finally {
    await lock.release();
  }
}

function describe(known: KnownState, from: string, terminal: Terminal, color: boolean | undefined): string {
  const view = viewOf(terminal.stderr, terminal, color);
  const { steps } = rebuildDocument(known, from, Date.now());
  const { ports } = (known.options ?? {}) as { ports?: Record<string, number> };
  return [
    `the last run known to ${from} began at ${new Date(known.startedAt).toISOString()}`,
    ...stepTable(steps, {
      now: Date.now(),
      paint: createPaint(view.color),
      columns: terminal.stderr.isTTY ? view.columns : Number.POSITIVE_INFINITY,
      running: false,
    }),
    ...(known.provider === undefined ? [] : [`found here: an installation of provider ${known.provider}`]),
    ...Object.entries(ports ?? {}).map(([name, port]) => `  port ${name} ${port}`),
  ].join('\n');
}
