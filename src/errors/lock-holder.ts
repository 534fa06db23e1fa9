/** Who holds a lock that a program waits for, as far as the program says. */
export interface Holder {
  pid?: number;
  /** Name of the holder's program. */
  program?: string;
  /** The lock, or the file that is one. */
  lock?: string;
}

const APT = /Could not get lock (?<lock>\S+?)\. It is held by process (?<pid>\d+)(?: \((?<program>.+?)\))?/;
const DPKG = /(?<lock>dpkg \w+ lock) was locked by another process with pid (?<pid>\d+)/;
const GIT = /Unable to create '(?<lock>.*\.lock)': File exists/;

/** Finds the holder in the output of apt, dpkg or git; undefined when it names neither a holder nor a lock. */
export function holderOf(output: string): Holder | undefined {
  const groups = (APT.exec(output) ?? DPKG.exec(output) ?? GIT.exec(output))?.groups;
  if (groups === undefined) return undefined;
  const { pid, program, lock } = groups;
  return {
    ...(pid === undefined ? {} : { pid: Number(pid) }),
    ...(program === undefined ? {} : { program }),
    ...(lock === undefined ? {} : { lock }),
  };
}
