import { rollBack } from '../../engine/roll-back.ts';
import { loadPlan } from '../../plans/user/load-plan.ts';
import { readConfigFile } from '../config-file.ts';
import { type Options, readOptions } from '../options.ts';
import type { Invocation } from '../program.ts';
import { openSession, type Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { executePlan } from './execute-plan.ts';
import { resetPlan } from './reset-state.ts';
import { showStatus } from './show-status.ts';

/** The mode flag that a command of its own name stands for. */
const MODE_OF: Readonly<Record<string, string>> = {
  resume: 'resume',
  repair: 'repair',
  status: 'status',
  reset: 'reset',
  rollback: 'delete',
};

/** `run PLAN` in all its modes, and the commands named after them. @returns exit code */
export async function runUserPlan({ command, flags, args }: Invocation, terminal: Terminal): Promise<number> {
  const given = Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
  const file = typeof flags.config === 'string' ? readConfigFile(flags.config) : undefined;
  const mode = MODE_OF[command];
  const options = readOptions({ ...file?.flags, ...given, ...(mode === undefined ? {} : { [mode]: true }) });
  const { plan, path, secrets, concurrency } = await loadPlan(args.plan ?? '', options.cluster, options.secrets);
  if (options.mode === 'status') return await showStatus(terminal, options, plan.cluster, plan.name);
  if (options.mode === 'reset') return await resetPlan(terminal, options, plan.cluster, plan.name);
  const session = await openSession({
    terminal,
    options,
    cluster: plan.cluster,
    plan: plan.name,
    planPath: path,
    secrets,
    command: `contextcore-install ${command} ${args.plan}`,
  });
  try {
    if (options.mode === 'delete') return await rollBackPlan(session, plan, options, terminal);
    await executePlan(session, terminal, options, { plan, ...(concurrency === undefined ? {} : { concurrency }) });
    return 0;
  } finally {
    await session.close();
  }
}

async function rollBackPlan(
  session: Session,
  plan: Parameters<typeof rollBack>[0],
  options: Options,
  terminal: Terminal,
): Promise<number> {
  if (session.state.run.run_id === undefined) {
    terminal.stderr.write('nothing to roll back: there is no recorded state\n');
    return 0;
  }
  const steps = plan.steps.filter((step) => step.rollback !== undefined).map((step) => step.id);
  await session.consent(`Roll back "${plan.name}", newest step first?`, steps);
  const failure = await rollBack(plan, session.ports, { runId: session.runId, signal: session.signal });
  await session.reporter.finish();
  if (failure !== undefined) {
    throw failure.with({ hint: 'what was taken back stays so; mend the cause and roll back again' });
  }
  await session.forget();
  session.telemetry.closeRun('deleted');
  if (!options.quiet) terminal.stderr.write('rolled back; the recorded state is gone\n');
  return 0;
}
