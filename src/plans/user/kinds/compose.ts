import * as z from 'zod';
import { CHANGES } from '../../../images/fix/version-change.ts';
import { composeBody } from '../../../steps/compose/compose-step.ts';
import { parseDuration } from '../../../ui/duration.ts';
import { textOrList } from './fields.ts';
import { commonFields, defineKind } from './kind.ts';

const WAIT_MS = 180_000;

/** `compose`: a project of Docker compose, up and healthy. */
export const compose = defineKind({
  key: 'compose',
  describe: 'a project of Docker compose: images checked and pulled, up, healthy; taken down again when it fails',
  shorthand: 'file',
  schema: z.strictObject({
    file: textOrList('a path').optional().describe('compose files, relative to the plan [default: the usual names]'),
    project: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be of small letters, digits, "-" and "_"')
      .optional()
      .describe('name of the project [default: as compose names it]'),
    profiles: z.array(z.string().min(1)).optional(),
    fix: z
      .enum(['never', ...CHANGES])
      .optional()
      .describe('largest change of an image that is gone which is written without asking [default: patch]'),
    wait: z.string().optional().describe('for all services to be healthy [default: 3m]'),
  }),
  step: ({ file, project, profiles, fix, wait }, common) => ({
    ...commonFields(common),
    // Pulls have attempts of their own; an up that fails is tried again only when the plan says so.
    policy: { attempts: 1, timeoutMs: LONGEST_MS, ...common.policy },
    ...composeBody({
      files: file === undefined ? [] : [file].flat(),
      ...(project === undefined ? {} : { project }),
      profiles: profiles ?? [],
      fix: fix ?? 'patch',
      waitMs: wait === undefined ? WAIT_MS : parseDuration(wait, `${common.id}.compose.wait`),
      cwd: common.cwd,
      env: common.env,
      secrets: common.secrets,
    }),
  }),
});

/** Large images over a slow line. */
const LONGEST_MS = 4 * 60 * 60_000;
