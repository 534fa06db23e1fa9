/** `scripts/bench [--json] [ID...]`: measures every target, or the named ones; exits with 1 when one is missed. */
import type { Row } from './row.ts';
import { formatRows } from './table.ts';
import { targets } from './targets.ts';
import { makeWorkspace } from './workspace.ts';

const words = process.argv.slice(2);
const json = words.includes('--json');
const ids = words.filter((word) => word !== '--json').map((word) => word.toUpperCase());
const known = targets.map(({ id }) => id);
const unknown = ids.filter((id) => !known.includes(id));

if (words.includes('--help') || words.includes('-h')) {
  console.log(`usage: scripts/bench [--json] [ID...]   measures all targets, or the named ones of: ${known.join(' ')}`);
} else if (unknown.length > 0) {
  console.error(`error: no target ${unknown.join(', ')}; there are: ${known.join(' ')}`);
  process.exitCode = 2;
} else {
  const workspace = makeWorkspace((message) => console.error(`- ${message}`));
  const rows: Row[] = [];
  try {
    for (const target of targets.filter(({ id }) => ids.length === 0 || ids.includes(id))) {
      workspace.progress(`measuring ${target.id}`);
      try {
        rows.push(...(await target.measure(workspace)));
      } catch (thrown) {
        // The others have taken minutes.
        console.error(`error: ${target.id}: ${thrown instanceof Error ? thrown.message : thrown}`);
        process.exitCode = 1;
      }
    }
  } finally {
    workspace.remove();
  }
  console.log(json ? JSON.stringify(rows, null, 2) : formatRows(rows));
  if (rows.some(({ pass }) => pass === false)) process.exitCode = 1;
}
