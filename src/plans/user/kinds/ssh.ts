import * as z from 'zod';
import { sshBody } from '../../../steps/ssh/ssh-step.ts';
import { commonFields, defineKind, GUARDED } from './kind.ts';

/** `ssh`: a command on another host. */
export const ssh = defineKind({
  key: 'ssh',
  describe: 'a command on another host; nobody is asked for passwords, 5 attempts of 30 s',
  schema: z.strictObject({
    host: z
      .string()
      .regex(/^[^\s-]\S*$/, 'must be a name or address')
      .describe('name, address, or alias of your ssh configuration'),
    user: z.string().min(1).optional(),
    port: z.int().min(1).max(65_535).optional(),
    command: z.string().min(1).describe('run by the shell of that host'),
    identity: z.string().optional().describe('private key, relative to the plan'),
    config: z.string().optional().describe('ssh configuration in place of yours, relative to the plan'),
  }),
  step: ({ host, user, port, command, identity, config }, common) => ({
    ...commonFields(common),
    policy: GUARDED,
    ...sshBody({
      host,
      command,
      ...(user === undefined ? {} : { user }),
      ...(port === undefined ? {} : { port }),
      ...(identity === undefined ? {} : { identity }),
      ...(config === undefined ? {} : { config }),
      cwd: common.cwd,
      env: common.env,
      secrets: common.secrets,
      policy: common.policy,
    }),
  }),
});
