import { findProgram } from '../../tools/find-program.ts';
import { installProgram, manualHint, offerOf, type ToolPlaces } from '../../tools/obtain-program.ts';
import type { ProgramPin } from '../../tools/pins.ts';
import type { Check, CheckEnv, Finding } from '../check.ts';

/**
 * Whether a program is there, runs and is new enough. If not, getting it is offered as the remedy; the hint is how the
 * user gets it without us.
 */
export function programCheck(pin: ProgramPin, places: ToolPlaces): Check {
  return { id: `program-${pin.name}`, title: pin.name, run: (env) => checkProgram(pin, places, env) };
}

async function checkProgram(pin: ProgramPin, places: ToolPlaces, env: CheckEnv): Promise<Finding> {
  const { found, rejected } = await findProgram(pin, { ...places, query: env.query });
  if (found !== undefined) return { level: 'ok', message: `${found.version} (${found.path})` };
  const unfit = rejected.map(({ path, why }) => `${path}: ${why}`).join('; ');
  return {
    level: 'error',
    message: unfit || `not found; ${pin.minVersion} or newer is needed`,
    hint: await manualHint(pin, places.env),
    remedy: {
      offer: offerOf(pin, places),
      apply: async (ctx) => {
        await installProgram(ctx, pin, places);
      },
    },
  };
}
