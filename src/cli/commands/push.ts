import { pushDashboards } from '../../dashboards/push-dashboards.ts';
import { pushRules } from '../../dashboards/push-rules.ts';
import { readDashboards } from '../../dashboards/read-dashboards.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { packageFolder } from '../../system/package-folder.ts';
import type { Invocation } from '../program.ts';
import type { Terminal } from '../terminal.ts';

const FOLDER = 'ContextCore';

/** `dashboards push --url GRAFANA`: puts the dashboards into a folder; somebody else's are left alone. @returns exit code */
export async function dashboardsPush({ flags }: Invocation, terminal: Terminal): Promise<number> {
  const token = terminal.env.GRAFANA_TOKEN;
  const pushed = await pushDashboards({
    url: addressOf(flags, 'dashboards push', 'http://127.0.0.1:3000'),
    dashboards: await readDashboards(packageFolder('dashboards')),
    folder: String(flags.folder ?? FOLDER),
    dryRun: flags['dry-run'] === true,
    ...(token ? { token } : {}),
  });
  show(
    terminal,
    flags.json === true,
    pushed,
    ({ action, title, url }) => `${action}  ${title}${url ? `  ${url}` : ''}`,
  );
  const foreign = pushed.filter(({ action }) => action === 'foreign');
  if (foreign.length === 0) return 0;
  throw new InstallerError(
    'not_ours',
    `left alone, since somebody else made them: ${foreign.map(({ title }) => title).join(', ')}`,
    {
      hint: 'give those dashboards another uid, or remove them, and push again',
    },
  );
}

/** `alerts push --url MIMIR`: loads the alert rules into Mimir's ruler. @returns exit code */
export async function alertsPush({ flags }: Invocation, terminal: Terminal): Promise<number> {
  const token = terminal.env.CONTEXTCORE_TOKEN;
  const tenant = flags.tenant ?? terminal.env.CONTEXTCORE_TENANT;
  const groups = await pushRules({
    url: addressOf(flags, 'alerts push', 'http://127.0.0.1:9009'),
    dryRun: flags['dry-run'] === true,
    ...(token ? { token } : {}),
    ...(tenant ? { tenant: String(tenant) } : {}),
  });
  show(terminal, flags.json === true, groups, ({ action, name, rules }) => `${action}  ${name}  ${rules} rules`);
  return 0;
}

function addressOf({ url }: Invocation['flags'], command: string, example: string): string {
  const hint = `such as --url ${example}`;
  if (typeof url !== 'string') throw new InstallerError('usage', `${command} needs --url`, { hint });
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url.replace(/\/+$/, '');
  throw new InstallerError('usage', `${command}: --url is not an http(s) address`, { hint });
}

function show<T>({ stdout }: Terminal, json: boolean, rows: readonly T[], line: (row: T) => string): void {
  stdout.write(json ? `${JSON.stringify(rows)}\n` : `${rows.map(line).join('\n')}\n`);
}
