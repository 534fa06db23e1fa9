import * as z from 'zod';
import { CHANGES } from '../../../images/fix/version-change.ts';
import { imagesBody } from '../../../steps/images/images-step.ts';
import { textOrList } from './fields.ts';
import { commonFields, defineKind, GUARDED } from './kind.ts';

/** `images`: every image of files can be had, if need be by its fallbacks. */
export const images = defineKind({
  key: 'images',
  describe: 'images of files: asked for at their registries, replaced by their fallbacks where they are gone',
  shorthand: 'files',
  schema: z.strictObject({
    files: textOrList('a path').describe('compose files, Kubernetes manifests, lists; relative to the plan'),
    fix: z
      .enum(['never', ...CHANGES])
      .optional()
      .describe('largest change of an image that is gone which is written without asking [default: patch]'),
    pull: z.boolean().optional().describe('have them in Docker afterwards'),
  }),
  step: ({ files, fix, pull }, common) => ({
    ...commonFields(common),
    policy: GUARDED,
    ...imagesBody({
      files: [files].flat(),
      fix: fix ?? 'patch',
      pull: pull ?? false,
      cwd: common.cwd,
      env: common.env,
      secrets: common.secrets,
    }),
  }),
});
