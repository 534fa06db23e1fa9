import * as z from 'zod';
import { pipStep } from '../../../steps/pip/step.ts';
import { budgetField, readBudget, textOrList } from './fields.ts';
import { commonFields, defineKind, GUARDED } from './kind.ts';

/** `pip`: Python packages, by uv where it is. */
export const pip = defineKind({
  key: 'pip',
  describe: 'Python packages that should be installed',
  shorthand: 'packages',
  schema: z.strictObject({
    packages: textOrList('a package').optional().describe('as pip takes them, such as requests==2.32.5'),
    requirements: textOrList('a file').optional().describe('files, relative to the plan; their hashes are checked'),
    venv: z.string().optional().describe('folder of a virtual environment, made when it is not there'),
    args: z.array(z.string()).optional().describe('further words for pip or uv'),
    indexes: z.array(z.url()).optional().describe('tried in this order when the configured one fails'),
    break_system_packages: z.boolean().optional().describe('change a Python that the system manages (PEP 668)'),
    budget: budgetField,
  }),
  step: (spec, common) => {
    const { packages, requirements, venv, args, indexes, break_system_packages: breakSystem, budget } = spec;
    if (packages === undefined && requirements === undefined) throw common.wrong([], 'takes packages or requirements');
    return {
      policy: GUARDED,
      ...pipStep({
        ...commonFields(common),
        packages: packages === undefined ? [] : [packages].flat(),
        requirements: requirements === undefined ? [] : [requirements].flat(),
        args: args ?? [],
        indexes: indexes ?? [],
        breakSystem: breakSystem === true,
        cwd: common.cwd,
        ...(venv === undefined ? {} : { venv }),
        policy: { ...common.policy, ...readBudget(budget, common, 'pip') },
        env: common.env,
        secrets: common.secrets,
      }),
    };
  },
});
