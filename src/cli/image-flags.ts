import { CHANGES } from '../images/fix/version-change.ts';
import type { CommandSpec } from './command-table.ts';
import { CLUSTER_FLAGS, SHARED_FLAGS } from './flags.ts';

const { json, quiet, color, yes, timeout } = SHARED_FLAGS;
const KINDS = 'compose file, Kubernetes manifest, list with one reference a line, or a folder of these';
const FILES = { file: KINDS };
const FILES_OR_OURS = { file: `${KINDS}; create-cluster for what create-cluster needs` };
const COMMON = {
  'plain-http': {
    type: 'array',
    describe: 'registry without TLS, HOST:PORT (repeatable); those of this machine are known',
    group: 'Run',
  },
  timeout: { ...timeout, describe: 'limit of everything, such as 90s' },
  json,
  quiet,
  color,
} as const;
const PLATFORM = {
  type: 'string',
  describe: 'what the images must run on, such as linux/arm64 [default: that of this machine]',
  group: 'Run',
} as const;
const LOCAL = {
  type: 'boolean',
  describe: 'count images that Docker has here; --no-local asks the registries for all [default: true]',
  group: 'Run',
} as const;

/** The commands of the group `images`, for the table of commands. */
export const IMAGE_COMMANDS = {
  'images check': {
    usage: 'check <file..>',
    describe: 'ask the registries whether all images can be had, without pulling any',
    flags: { platform: PLATFORM, 'image-mirror': CLUSTER_FLAGS['image-mirror'], local: LOCAL, ...COMMON },
    positionals: FILES_OR_OURS,
    examples: [['$0 images check compose.yaml k8s/', 'exit 1, and the line, when one cannot be had']],
  },
  'images fix': {
    usage: 'fix <file..>',
    describe: 'write what can be had in the place of images that are gone, by their chains of fallbacks',
    flags: {
      'dry-run': { type: 'boolean', describe: 'show the difference, write nothing', group: 'Mode' },
      revert: { type: 'boolean', describe: 'take the last fix back', group: 'Mode' },
      allow: {
        type: 'string',
        choices: CHANGES.filter((change) => change !== 'same'),
        describe: 'largest change of version that is not asked for [default: patch]',
        group: 'Run',
      },
      chains: { type: 'array', describe: 'file of chains that go before the others (repeatable)', group: 'Run' },
      platform: PLATFORM,
      local: LOCAL,
      yes,
      ...COMMON,
    },
    positionals: FILES,
  },
  'images mirror': {
    usage: 'mirror <file..>',
    describe: 'copy all images into a registry of your own, so that no other is needed',
    flags: {
      to: { type: 'string', describe: 'that registry, such as localhost:5000 or registry.example/hub', group: 'Run' },
      platform: PLATFORM,
      'all-platforms': { type: 'boolean', describe: 'copy every platform of each image', group: 'Run' },
      output: {
        type: 'string',
        describe: 'folder for the files that make create-cluster and compose use the copies [default: image-mirror]',
        group: 'Run',
      },
      'dry-run': { type: 'boolean', describe: 'say what would be copied', group: 'Mode' },
      ...COMMON,
    },
    positionals: FILES_OR_OURS,
    examples: [
      ['$0 images mirror create-cluster --to localhost:5000', 'then create-cluster --image-mirror localhost:5000'],
    ],
  },
} as const satisfies Record<string, CommandSpec>;
