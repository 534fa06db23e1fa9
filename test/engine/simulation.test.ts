import { describe, expect, it } from 'vitest';
import { createDice } from '../support/simulation/dice.ts';
import { createSimulation, drawPlan, simulateSeed } from '../support/simulation/simulate.ts';

const COUNT = Number(process.env.SIM_COUNT ?? 10_000);
const ONLY = process.env.SIM_SEED;

describe('simulated histories of plans, faults and kills', () => {
  it(`keep every rule (SIM_COUNT=${COUNT}${ONLY === undefined ? '' : `, SIM_SEED=${ONLY}`})`, {
    timeout: 600_000,
  }, async () => {
    const seeds = ONLY === undefined ? Array.from({ length: COUNT }, (_, index) => index + 1) : [Number(ONLY)];
    for (const seed of seeds) {
      const violations = await simulateSeed(seed);
      expect(violations, `replay with SIM_SEED=${seed}`).toEqual([]);
    }
  });

  it('can be killed at every single call of a port', { timeout: 60_000 }, async () => {
    for (const seed of [3, 7, 11]) {
      for (let killAt = 1; ; killAt += 1) {
        const dice = createDice(seed);
        const simulation = createSimulation(dice, drawPlan(dice));
        const end = await simulation.run({ mode: 'run', killAt });
        const resumed = await simulation.run({ mode: 'resume' });
        const found = [...simulation.world.violations, resumed.report?.result];
        expect(found, `seed ${seed}, killed at call ${killAt}`).toEqual(['success']);
        if (!end.killed) break;
      }
    }
  });

  it('are the same for the same seed', async () => {
    const record = async () => {
      const dice = createDice(5);
      const simulation = createSimulation(dice, drawPlan(dice));
      await simulation.run({ mode: 'run', killAt: 25 });
      await simulation.run({ mode: 'resume' });
      return [simulation.disk.transitions, simulation.clock.now(), [...simulation.disk.steps]];
    };
    expect(await record()).toEqual(await record());
  });
});
