import * as z from 'zod';
import { downloadBody } from '../../../steps/download/download-step.ts';
import { parseSum } from '../../../steps/download/sums.ts';
import { budgetField, readBudget } from './fields.ts';
import { commonFields, defineKind, GUARDED } from './kind.ts';

const address = z.url({ protocol: /^https?$/, error: 'must be an address such as https://example.org/file' });

/** `download`: a file from the network, checked. */
export const download = defineKind({
  key: 'download',
  describe: 'a file from the network: resumed, checked, from the first source that gives it',
  schema: z.strictObject({
    url: z.union([address, z.array(address).min(1)]).describe('of the file; of a list, the first that works is taken'),
    output: z.string().min(1).describe('path of the file, relative to the plan'),
    sha256: z.string().optional().describe('checksum, 64 hex digits'),
    sha512: z.string().optional().describe('checksum, 128 hex digits'),
    sums: address.optional().describe('published file of sums, such as SHA256SUMS'),
    signature: address.optional().describe('detached OpenPGP signature of the file; needs keyring'),
    keyring: z.string().min(1).optional().describe('file of the public keys that are trusted'),
    ca: z.string().min(1).optional().describe('file of certificate authorities to trust besides the usual ones'),
    mode: z
      .string()
      .regex(/^0?[0-7]{3}$/, 'must be permissions such as "755"')
      .optional()
      .describe('permissions of the file [default: 644]'),
    streams: z.int().min(1).max(4).optional().describe('most connections at the same time [default: 4]'),
    budget: budgetField,
  }),
  step: (spec, common) => {
    const { url, output, sums, signature, keyring, ca, mode, streams, budget } = spec;
    if ([spec.sha256, spec.sha512, sums].filter((one) => one !== undefined).length > 1) {
      throw common.wrong(['sums'], 'takes one of sha256, sha512 and sums');
    }
    if ((signature === undefined) !== (keyring === undefined)) {
      throw common.wrong([signature === undefined ? 'keyring' : 'signature'], 'signature and keyring go together');
    }
    const sum = (['sha256', 'sha512'] as const).flatMap((algorithm) => {
      const hex = spec[algorithm];
      if (hex === undefined) return [];
      const parsed = parseSum(algorithm, hex);
      if (parsed === undefined) throw common.wrong([algorithm], `is no ${algorithm} sum in hex`);
      return [parsed];
    })[0];
    return {
      ...commonFields(common),
      policy: GUARDED,
      ...downloadBody({
        urls: [url].flat(),
        output,
        cwd: common.cwd,
        policy: { ...common.policy, ...readBudget(budget, common, 'download') },
        ...(sum === undefined ? {} : { sum }),
        ...(sums === undefined ? {} : { sumsUrl: sums }),
        ...(signature === undefined || keyring === undefined ? {} : { signature: { url: signature, keyring } }),
        ...(ca === undefined ? {} : { ca }),
        ...(streams === undefined ? {} : { streams }),
        ...(mode === undefined ? {} : { mode: Number.parseInt(mode, 8) }),
      }),
    };
  },
});
