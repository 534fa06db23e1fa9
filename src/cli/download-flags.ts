import type { CommandSpec } from './command-table.ts';
import { SHARED_FLAGS } from './flags.ts';
import { RETRY_FLAGS } from './retry-flags.ts';

const { json, quiet, color } = SHARED_FLAGS;
const file = (describe: string) => ({ type: 'string', describe, group: 'Run' }) as const;

/** `download`. */
export const DOWNLOAD_COMMANDS: Readonly<Record<string, CommandSpec>> = {
  download: {
    usage: 'download <urls..>',
    describe: 'download a file: goes on where it stopped, checks it, takes the next address where one fails',
    flags: {
      output: file('path of the file; replaced only by a complete, checked one'),
      sha256: file('its checksum, 64 hex digits'),
      sha512: file('its checksum, 128 hex digits'),
      sums: file('address of a published file of sums, such as SHA256SUMS'),
      signature: file('address of its detached OpenPGP signature; needs --keyring and gpg'),
      keyring: file('file of the public keys that are trusted'),
      ca: file('PEM file of certificate authorities to trust besides the usual ones'),
      streams: {
        type: 'string',
        choices: ['1', '2', '3', '4'],
        describe: 'most connections at the same time, where more than one pays [default: 4]',
        group: 'Run',
      },
      ...RETRY_FLAGS,
      json,
      quiet,
      color,
    },
    positionals: { urls: 'addresses of the same file, the first that works is taken' },
    examples: [
      ['$0 download https://example.org/tool.tar.gz --output tool.tar.gz --sha256 HEX', 'run it again to go on'],
    ],
  },
};
