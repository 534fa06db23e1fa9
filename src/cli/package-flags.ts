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
  'npm install': {
    usage: 'install [packages..]',
    describe: 'npm ci or npm install: the cache is mended between attempts, other registries step in',
    flags: {
      registry: {
        type: 'array',
        describe: 'registry that is asked when the configured one fails (repeatable)',
        group: 'Run',
      },
      ...RETRY_FLAGS,
      quiet,
      color,
    },
    positionals: { packages: 'as npm install takes them [default: those of the project here]' },
    rest: 'FLAGS OF NPM...',
    examples: [['$0 npm install typescript@5 -- --save-dev', 'what stands behind -- is for npm']],
  },
  'pip install': {
    usage: 'install [packages..]',
    describe:
      'Python packages, by uv where it is: the cache is emptied when a checksum is wrong, other indexes step in',
    flags: {
      requirement: { type: 'array', describe: 'requirements file (repeatable); its hashes are checked', group: 'Run' },
      venv: {
        type: 'string',
        describe: 'folder of a virtual environment, made when it is not there [default: the active one]',
        group: 'Run',
      },
      'index-url': {
        type: 'array',
        describe: 'index that is asked when the configured one fails (repeatable)',
        group: 'Run',
      },
      'break-system-packages': {
        type: 'boolean',
        describe: 'change a Python that the system manages (PEP 668)',
        group: 'Run',
      },
      ...RETRY_FLAGS,
      quiet,
      color,
    },
    positionals: { packages: 'as pip takes them, such as requests==2.32.5' },
    rest: 'FLAGS OF PIP...',
    examples: [['$0 pip install --venv .venv --requirement requirements.txt', 'into an environment of its own']],
  },
};
