import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linesOf } from '../cli-files.ts';
import { killThoseWith, pidsWith } from '../processes.ts';
import type { Subject } from './subject.ts';

/** Checked: looks before it makes. The others are known to be done by the record alone. */
const STEPS = ['a', 'checked_b', 'c', 'checked_d', 'checked_e', 'f', 'checked_g', 'h'] as const;

/**
 * A plan with real children. Each appends to the effect log when it begins and when it has made its thing; two of them
 * run beside each other. A checked step makes its thing in one move (mkdir), which can happen once only.
 */
export function createPlanSubject(): Subject {
  const folder = mkdtempSync(join(tmpdir(), 'ccx-crash-plan-'));
  const home = join(folder, 'home');
  const work = join(folder, 'work');
  mkdirSync(work);
  const plan = join(folder, 'crash.yaml');
  writeFileSync(join(folder, 'effect.sh'), EFFECT);
  writeFileSync(plan, planText());
  return {
    name: 'plan',
    home,
    cwd: folder,
    program: 'contextcore-install',
    install: ['run', plan],
    resume: ['resume', plan],
    steps: STEPS,
    cluster: 'o11y-dev',
    plan: 'crash',
    async clear() {
      rmSync(home, { recursive: true, force: true });
      rmSync(work, { recursive: true, force: true });
      mkdirSync(work);
    },
    async findFaults() {
      const faults = judgeEffects(linesOf(join(work, 'effects')));
      const left = pidsWith(join(folder, 'effect.sh'));
      return left.length === 0 ? faults : [...faults, `still running: ${left.join(', ')}`];
    },
    async destroy() {
      killThoseWith(folder);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** effect.sh STEP: `begin`, a while, the thing, `made`, a while, `end`. */
const EFFECT = `cd "$(dirname "$0")/work" || exit 1
echo "begin $1" >>effects
sleep 0.02
case $1 in
  checked_*) mkdir "$1.made" && echo "made $1" >>effects ;;
  *) echo "made $1" >>effects ;;
esac
sleep 0.01
echo "end $1" >>effects
`;

function planText(): string {
  const needs: Readonly<Record<string, string>> = { c: '[a]', checked_d: '[checked_b, c]' };
  const steps = STEPS.map((id) => {
    const lines = [`  - id: ${id}`, `    run: [sh, effect.sh, ${id}]`];
    if (id.startsWith('checked_')) lines.push(`    check: test -d work/${id}.made`);
    if (needs[id] !== undefined) lines.push(`    needs: ${needs[id]}`);
    return lines.join('\n');
  });
  return `name: crash\nsteps:\n${steps.join('\n')}\n`;
}

/**
 * What the effect log may hold: nothing checked is made twice; a step without a check at most once more than it was
 * killed; nothing begins while another run of it is at work; nothing begins before what it needs has been made.
 */
function judgeEffects(lines: readonly string[]): readonly string[] {
  const faults: string[] = [];
  const open = new Map<string, number>();
  for (const line of lines) {
    const [what = '', step = ''] = line.split(' ');
    if (what === 'begin' && open.has(step)) faults.push(`${step} began while it was running`);
    if (what === 'begin') open.set(step, 1);
    if (what === 'end') open.delete(step);
  }
  for (const step of STEPS) {
    const made = lines.filter((line) => line === `made ${step}`).length;
    const limit = step.startsWith('checked_') ? 1 : 2;
    if (made < 1 || made > limit) faults.push(`${step} was made ${made} times`);
  }
  return faults;
}
