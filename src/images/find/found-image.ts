/** An image that a file asks for. */
export interface FoundImage {
  /** As written, variables filled in. */
  text: string;
  file: string;
  /** From 1. */
  line: number;
  /** Who asks: `service web`, `Deployment mimir`; empty in a plain list. */
  by: string;
  /** Name of the service of a compose file. */
  service?: string;
  /** Offsets of the value in the file's text, quotes included; absent where it cannot be replaced as it stands. */
  range?: readonly [start: number, end: number];
  /** The only platform that will do for it: `linux/amd64`. */
  platform?: string;
  /** Why its reference cannot be told. */
  problem?: string;
}
