import type { CommandSpec } from './command-table.ts';
import { SHARED_FLAGS } from './flags.ts';
import { RETRY_FLAGS } from './retry-flags.ts';

const { yes, quiet, color } = SHARED_FLAGS;

/** Package managers, with the policy, breakers and statistics of the installer. */
export const PACKAGE_COMMANDS: Readonly<Record<string, CommandSpec>> = {
  'apt install': {
    usage: 'install <packages..>',
    describe:
      'update the lists and install Debian packages: waits for locks, mends what is broken, falls back to mirrors',
    flags: {
      mirror: {
        type: 'array',
        describe: 'address of a mirror of your first source, or a whole line of sources.list (repeatable)',
        group: 'Run',
      },
      recommends: {
        type: 'boolean',
        describe: 'recommended packages, too; --no-recommends leaves them out',
        group: 'Run',
      },
      ...RETRY_FLAGS,
      yes,
      quiet,
      color,
    },
    positionals: { packages: 'as apt-get takes them: NAME, NAME=VERSION, NAME/SUITE' },
    examples: [['$0 apt install --mirror http://mirror.example.org/debian git', 'your own sources first']],
  },
};
