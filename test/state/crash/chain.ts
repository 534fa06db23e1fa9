/** A chain of steps as the engine records it: chain.ts HOME COUNT. The end of one and the start of the next come together. */
import { statePaths } from '../../../src/state/paths.ts';
import { openState } from '../../../src/state/store.ts';
import { CLUSTER, PLAN } from './model.ts';

const [home = '', count = '0'] = process.argv.slice(2);
const store = await openState(statePaths(home, CLUSTER, PLAN), { cluster: CLUSTER, plan: PLAN });
const at = new Date(0).toISOString();
await store.record({ at, steps: { s0: { status: 'in_progress' } } });
for (let n = 1; n <= Number(count); n += 1) {
  const ended = store.record({ at, steps: { [`s${n - 1}`]: { status: 'completed' } } });
  const started = store.record({ at, steps: { [`s${n}`]: { status: 'in_progress' } } });
  await Promise.all([ended, started]);
}
await store.close();
