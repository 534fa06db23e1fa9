/**
 * Plays a made-up run into a reporter, to look at it: node test/support/play-run.ts [live|plain|json|quiet] [scene] [speed]
 */

import type { EngineEvent } from '../../src/engine/events.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { formatError } from '../../src/ui/error.ts';
import { createReporter, type ReporterOptions } from '../../src/ui/reporter.ts';
import { renderSummary } from '../../src/ui/summary.ts';
import { SCENES, type SceneName } from './recorded-runs.ts';

const [kind = 'live', name = 'install', speed = '1'] = process.argv.slice(2);
const scene = SCENES[name as SceneName];
const { stderr, stdout } = process;
const color = stderr.isTTY === true;
const estimates: Record<string, number> = {
  cluster_create: 20_000,
  pods_ready: 40_000,
  manifests_apply: 3000,
  preflight: 1000,
  services_verify: 2000,
  metrics_seed: 4000,
};
const events = scene();
const first = events[0]?.at ?? 0;
const begun = Date.now();
const now = (): number => first + (Date.now() - begun) * Number(speed);
const reporter = createReporter({
  kind: kind as ReporterOptions['kind'],
  stream: stderr,
  stdout,
  columns: 80,
  color,
  estimates: (step) => estimates[step],
  clock: { now },
});
for (const event of events) {
  const wait = (event.at - now()) / Number(speed);
  if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
  reporter.listener(event);
}
await reporter.finish();
const last = events.at(-1) as Extract<EngineEvent, { type: 'run_finished' }>;
if (last.error === undefined) {
  const endpoints = [
    { name: 'grafana', url: 'http://127.0.0.1:3000' },
    { name: 'mimir', url: 'http://127.0.0.1:9009' },
    { name: 'loki', url: 'http://127.0.0.1:3100' },
    { name: 'tempo', url: 'http://127.0.0.1:3200' },
  ];
  const text = renderSummary({ cluster: 'o11y-dev' }, { color, columns: 80, endpoints, now: now() });
  stderr.write(`\n${text}\n`);
} else {
  const error = new InstallerError('step_failed', last.error.message, {
    step: 'pods_ready',
    tail: [
      'loki-0  0/1  CrashLoopBackOff',
      'level=error caller=main.go:66 msg="validating config" err="schema v13 is required"',
    ],
    log: '/home/you/.contextcore/state/o11y-dev/create-cluster/logs/pods_ready.3.log',
    hint: 'mend the cause, then carry on: create-cluster --resume',
  });
  stderr.write(`\n${formatError(error, { color, columns: stderr.columns ?? 80 })}\n`);
}
