import * as z from 'zod';
import { isCommit } from '../../../steps/git/check-out.ts';
import { gitBody } from '../../../steps/git/git-step.ts';
import { commonFields, defineKind, GUARDED } from './kind.ts';

/** `git`: a clone at a branch, tag or commit. */
export const git = defineKind({
  key: 'git',
  describe: 'a clone at a branch, tag or commit; own work in it is never overwritten',
  schema: z.strictObject({
    repo: z.string().regex(/^[^-]/, 'must be an address or a path').describe('as git clone takes it'),
    dest: z.string().min(1).describe('folder, relative to the plan'),
    ref: z
      .string()
      .regex(/^[^-\s]\S*$/, 'must be a branch, a tag or a full commit')
      .optional()
      .describe('branch, tag or full commit [default: the branch that the other side names]'),
    depth: z.int().min(1).optional().describe('commits of history that are fetched [default: all]'),
    update: z
      .boolean()
      .optional()
      .describe('bring a branch up to date in every run [default: only when the step runs]'),
  }),
  step: ({ repo, dest, ref, depth, update }, common) => {
    if (depth !== undefined && isCommit(ref)) throw common.wrong(['depth'], 'is for a branch or a tag');
    return {
      ...commonFields(common),
      policy: GUARDED,
      ...gitBody({
        repo,
        dest,
        ...(ref === undefined ? {} : { ref }),
        ...(depth === undefined ? {} : { depth }),
        update: update ?? false,
        cwd: common.cwd,
        env: common.env,
        secrets: common.secrets,
        policy: common.policy,
      }),
    };
  },
});
