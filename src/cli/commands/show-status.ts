import { wantsColor } from '../environment.ts';
import type { Options } from '../options.ts';
import { reportStatus } from '../status-report.ts';
import type { Terminal } from '../terminal.ts';

const WATCH_MS = 1_000;

/** `--status [--watch]` of any plan. @returns exit code */
export async function showStatus(terminal: Terminal, options: Options, cluster: string, plan: string): Promise<number> {
  const { stdout, stderr, home } = terminal;
  const look = () =>
    reportStatus({
      home,
      cluster,
      plan,
      json: options.json,
      check: options.check,
      color: wantsColor(options.color, terminal.env, stdout.isTTY === true),
      ...(stdout.isTTY ? { columns: stdout.columns } : {}),
    });
  let report = look();
  let shown = '';
  for (;;) {
    if (report.stdout !== shown) {
      // In place on a terminal; elsewhere each change stands below the one before.
      if (shown !== '' && stdout.isTTY) stdout.write('\u001b[H\u001b[J');
      stdout.write(report.stdout);
      shown = report.stdout;
    }
    if (!options.watch || !report.running) break;
    await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
    report = look();
  }
  stderr.write(report.stderr);
  return report.exitCode;
}
