import * as z from 'zod';
import { parseWish } from '../../../steps/apt/packages.ts';
import { aptStep } from '../../../steps/apt/step.ts';
import { budgetField, readBudget, textOrList } from './fields.ts';
import { commonFields, defineKind, GUARDED } from './kind.ts';

/** `apt`: Debian packages. */
export const apt = defineKind({
  key: 'apt',
  describe: 'Debian packages that should be installed',
  shorthand: 'packages',
  schema: z.strictObject({
    packages: textOrList('a package').describe('NAME, NAME=VERSION, NAME:ARCHITECTURE or NAME/SUITE'),
    mirrors: z
      .array(z.string())
      .optional()
      .describe('addresses of mirrors of your first source, or whole lines of sources.list, in their order'),
    recommends: z.boolean().optional().describe('recommended packages, too [default: as apt is configured]'),
    budget: budgetField,
  }),
  step: ({ packages, mirrors, recommends, budget }, common) => {
    const names = [packages].flat().flatMap((text) => text.split(/\s+/).filter(Boolean));
    for (const name of names) {
      try {
        parseWish(name);
      } catch (thrown) {
        throw common.wrong(['packages'], (thrown as Error).message);
      }
    }
    return {
      ...commonFields(common),
      policy: GUARDED,
      ...aptStep({
        ...commonFields(common),
        packages: names,
        mirrors: mirrors ?? [],
        ...(recommends === undefined ? {} : { recommends }),
        policy: { ...common.policy, ...readBudget(budget, common, 'apt') },
        env: common.env,
        secrets: common.secrets,
      }),
    };
  },
});
