import { readStatistics } from '../../resilience/statistics-record.ts';
import { readHistory } from '../../state/history.ts';
import { createDiskStore, sharedFolder } from '../../state/shared-store.ts';
import { formatDuration } from '../../ui/format-time.ts';
import { troubleLines } from '../../ui/resilience-lines.ts';
import type { Invocation } from '../program.ts';
import type { Terminal } from '../terminal.ts';
import { findState } from './find-state.ts';

const MOST_SERVICES = 10;

/** `history [PLAN]`: the runs so far, oldest first. @returns exit code */
export async function history({ flags, args }: Invocation, terminal: Terminal): Promise<number> {
  const paths = await findState(terminal.home, args.plan, flags.cluster as string | undefined);
  const runs = readHistory(paths);
  if (flags.json === true) terminal.stdout.write(`${JSON.stringify(runs)}\n`);
  else if (runs.length === 0) terminal.stderr.write('no runs so far\n');
  else {
    for (const run of runs) {
      const took = formatDuration(Date.parse(run.ended_at) - Date.parse(run.started_at));
      terminal.stdout.write(`${run.started_at}  ${run.mode.padEnd(6)}  ${run.result.padEnd(12)}  ${took}\n`);
    }
  }
  if (flags.json !== true) tellTroublesome(terminal);
  return 0;
}

/** Which services cause most failures, of all runs and commands of this home. */
function tellTroublesome({ home, stdout }: Terminal): void {
  const lines = troubleLines(readStatistics(createDiskStore(sharedFolder(home))));
  if (lines.length === 0) return;
  stdout.write('\nservices that made trouble, in all runs and commands so far, the worst first\n');
  for (const line of lines.slice(0, MOST_SERVICES)) stdout.write(`  ${line}\n`);
}
