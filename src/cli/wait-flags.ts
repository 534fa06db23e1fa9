import type { CommandSpec } from './command-table.ts';
import { SHARED_FLAGS } from './flags.ts';

const { json, quiet, color } = SHARED_FLAGS;

/** `wait`. */
export const WAIT_COMMANDS: Readonly<Record<string, CommandSpec>> = {
  wait: {
    usage: 'wait [target]',
    describe: 'wait until something is ready, and say why it is not',
    flags: {
      timeout: { type: 'string', describe: 'of all looks [default: 60s]', group: 'Run' },
      interval: { type: 'string', describe: 'between two looks [default: 2s]', group: 'Run' },
      json,
      quiet,
      color,
    },
    positionals: { target: 'http://ADDRESS, https://ADDRESS, tcp://HOST:PORT or file:PATH; or a command behind --' },
    rest: 'COMMAND...',
    examples: [
      ['$0 wait http://127.0.0.1:3000/api/health', 'until it answers with 2xx'],
      ['$0 wait --timeout 5m -- pg_isready -h db', 'until the command exits with 0'],
    ],
  },
};
