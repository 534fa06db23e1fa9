import { readHistory } from '../../state/history.ts';
import { formatDuration } from '../../ui/format-time.ts';
import type { Invocation } from '../program.ts';
import type { Terminal } from '../terminal.ts';
import { findState } from './find-state.ts';

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
  return 0;
}
