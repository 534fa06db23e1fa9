import { resolve } from 'node:path';
import * as z from 'zod';
import { npmStep } from '../../../steps/npm/step.ts';
import { budgetField, readBudget, textOrList } from './fields.ts';
import { commonFields, defineKind, GUARDED } from './kind.ts';

/** `npm`: packages of npm, or those of a project. */
export const npm = defineKind({
  key: 'npm',
  describe: 'packages of npm that should be installed, or those of a project',
  shorthand: 'packages',
  schema: z.strictObject({
    packages: textOrList('a package')
      .optional()
      .describe('as npm install takes them [default: what package.json and its lock file say]'),
    folder: z.string().optional().describe('of the project, relative to the plan [default: that of the plan]'),
    global: z.boolean().optional().describe('installed for all projects'),
    args: z.array(z.string()).optional().describe('further words for npm, such as --omit=dev'),
    registries: z.array(z.url()).optional().describe('tried in this order when the configured one fails'),
    budget: budgetField,
  }),
  step: ({ packages, folder, global, args, registries, budget }, common) => {
    const names = packages === undefined ? [] : [packages].flat();
    if (global === true && names.length === 0) throw common.wrong(['global'], 'needs packages');
    return {
      policy: GUARDED,
      ...npmStep({
        ...commonFields(common),
        packages: names,
        args: [...(global === true ? ['--global'] : []), ...(args ?? [])],
        registries: registries ?? [],
        cwd: resolve(common.cwd, folder ?? '.'),
        policy: { ...common.policy, ...readBudget(budget, common, 'npm') },
        env: common.env,
        secrets: common.secrets,
      }),
    };
  },
});
