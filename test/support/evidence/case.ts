import type { ErrorClass } from '../../../src/errors/error-class.ts';

/** A real failure to be captured. */
export interface Case {
  /** `TOOL-WHAT`, the name of its file. */
  name: string;
  /** What a person takes it for. */
  class: ErrorClass;
  /** Shell line as it is shown; must fail. */
  run: string;
  /** Shell lines run before it, unseen. `ca.crt`, the authority of the peers' certificates, is in its folder. */
  before?: string;
  /** Runs in a container on the host's network, with these further options of `docker run`. */
  inside?: readonly string[];
}
