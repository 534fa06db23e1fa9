import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, runChild } from '../child.ts';
import type { Candidate } from '../measure.ts';
import type { Workspace } from '../workspace.ts';

/** Steps skipped and remembered by a file each. */
const BASH_MARKERS = `
program=$(type -P true)
for ((i = 0; i < $1; i++)); do
  [[ -e step-$i ]] && continue
  "$program" >>log 2>&1 || exit 1
  : >step-$i
done`;

/** One JSON document, rewritten by jq before and after each step. */
const BASH_JQ = `
set -e
program=$(type -P true)
echo '{"steps":{}}' >state.json
put() { jq --arg id "$1" --arg status "$2" '.steps[$id].status = $status' state.json >state.tmp; mv state.tmp state.json; }
for ((i = 0; i < $1; i++)); do
  put "step-$i" in_progress
  "$program"
  put "step-$i" completed
done`;

/** Bash with a marker file for each step. */
export function bashMarkers(workspace: Workspace, steps: number): Candidate {
  return script('bash + marker files', workspace, BASH_MARKERS, steps);
}

/** Bash that keeps its state with jq; undefined without jq. */
export function bashJq(workspace: Workspace, steps: number): Candidate | undefined {
  return findProgram('jq') === undefined ? undefined : script('bash + jq', workspace, BASH_JQ, steps);
}

function script(name: string, workspace: Workspace, text: string, steps: number): Candidate {
  return {
    name,
    run: async () => {
      const cwd = workspace.makeFolder();
      writeFileSync(join(cwd, 'loop.bash'), text);
      return (await runChild('bash', ['loop.bash', String(steps)], { cwd })).ms;
    },
  };
}
