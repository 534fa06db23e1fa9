import * as z from 'zod';
import { scriptStep } from '../../../steps/script.ts';
import { commonFields, defineKind } from './kind.ts';

/** `script`: a file of the user's, run by its interpreter. */
export const script = defineKind({
  key: 'script',
  describe: 'a script of your own; its content is an input of the step',
  shorthand: 'file',
  schema: z.strictObject({
    file: z.string().min(1).describe('path, relative to the plan'),
    args: z.array(z.union([z.string(), z.number(), z.boolean()]).transform(String)).optional(),
    interpreter: z
      .union([z.string().min(1), z.array(z.string()).min(1)], { error: 'must be a program, or a list of its words' })
      .optional()
      .describe('program that runs it [default: what its first line (#!) says, else by its ending, else sh]'),
  }),
  step: ({ file, args, interpreter }, common) =>
    scriptStep({
      ...commonFields(common),
      file,
      args: args ?? [],
      ...(interpreter === undefined ? {} : { interpreter: [interpreter].flat() }),
      cwd: common.cwd,
      env: common.env,
      secrets: common.secrets,
      policy: common.policy,
    }),
});
