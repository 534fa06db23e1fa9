import { resolve } from 'node:path';
import type { Step } from '../../engine/step.ts';
import type { CommandPlace } from '../command.ts';
import { pullImages } from './pull-images.ts';
import { type FixLimit, settleImages } from './settle-images.ts';

export interface ImagesStepSpec extends CommandPlace {
  /** Compose files, Kubernetes manifests, lists; relative to `cwd`. */
  files: readonly string[];
  fix: FixLimit;
  /** Whether Docker shall have them afterwards. */
  pull: boolean;
}

/**
 * Body of a step that sees to it that the images of files can be had. It looks whenever it is run: a tag may vanish at any
 * time, and only asking tells.
 */
export function imagesBody(spec: ImagesStepSpec): Pick<Step, 'inputs' | 'apply'> {
  const { files, fix, pull, cwd } = spec;
  return {
    inputs: () => ({ files: files.join(' '), fix, pull: String(pull) }),
    apply: async (ctx) => {
      const paths = files.map((file) => resolve(cwd, file));
      const { checked, outputs } = await settleImages(ctx, paths, fix, spec);
      const pulled = pull ? await pullImages(ctx, checked, spec) : { images: checked.length };
      return { ...pulled, ...outputs };
    },
  };
}
