import { readdirSync, readFileSync } from 'node:fs';

/** A process as the kernel tells it. */
export interface ProcessInfo {
  pid: number;
  /** Start time in clock ticks since boot (Linux) or hundredths of seconds since the epoch (elsewhere). */
  startTicks: number;
  ppid: number;
  pgid: number;
  /** One letter, as ps prints it: R, S, D, T, Z, … */
  state: string;
  /** Arguments, the program first; empty for a kernel thread or a zombie. */
  cmdline: readonly string[];
}

const LINUX = process.platform === 'linux';

/** Looks a process up. A zombie is given, too: see `state`. */
export function readProcess(pid: number): ProcessInfo | undefined {
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  return LINUX ? readProc(pid) : psRows(['-p', String(pid)])[0];
}

/** Start time of a process, as {@link readProcess} gives it, at half its cost; 0 when it is gone. */
export function readStartTicks(pid: number): number {
  if (!LINUX) return readProcess(pid)?.startTicks ?? 0;
  const stat = readText(`/proc/${pid}/stat`);
  return stat === undefined ? 0 : Number(statFields(stat)[START_TIME]);
}

/**
 * Tells whether the very process that once had this pid and start time still runs; a zombie does not.
 *
 * @param startTicks as {@link readProcess} gave it; 0 (not known) compares the pid alone
 */
export function isAlive(pid: number, startTicks: number): boolean {
  const found = readProcess(pid);
  if (found === undefined || found.state === 'Z' || found.state === 'X') return false;
  return startTicks === 0 || found.startTicks === startTicks;
}

/** Every process that the predicate takes, ordered by pid. Those of other users are among them. */
export function findProcesses(predicate: (process: ProcessInfo) => boolean): readonly ProcessInfo[] {
  const all = LINUX
    ? readdirSync('/proc')
        .filter((name) => /^\d+$/.test(name))
        .map((name) => readProc(Number(name)))
    : psRows(['-A']);
  return all
    .filter((process) => process !== undefined)
    .filter(predicate)
    .sort((a, b) => a.pid - b.pid);
}

/** Names this boot of the kernel, so that pids and start ticks of an earlier one are not believed; undefined off Linux. */
export function readBootId(): string | undefined {
  return LINUX ? readText('/proc/sys/kernel/random/boot_id')?.trim() : undefined;
}

function readProc(pid: number): ProcessInfo | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = statFields(stat);
  const [state = '?', ppid, pgid] = fields;
  const cmdline = (readText(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1);
  return { pid, startTicks: Number(fields[START_TIME]), ppid: Number(ppid), pgid: Number(pgid), state, cmdline };
}

/** Place of field 22 of proc(5) in {@link statFields}, which begin with field 3. */
const START_TIME = 19;

/** The program's name stands in parentheses and may itself hold ") ": fields are counted from the last one. */
function statFields(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The process ended meanwhile, or is hidden from us.
    return undefined;
  }
}

function psRows(selection: readonly string[]): ProcessInfo[] {
  const columns = ['pid=', 'ppid=', 'pgid=', 'state=', 'lstart=', 'command='].flatMap((column) => ['-o', column]);
  let out: string;
  try {
    // Loaded where there is no /proc only: it takes longer to load than all the rest of a status.
    const { execFileSync } = process.getBuiltinModule('node:child_process');
    out = execFileSync('ps', [...selection, ...columns], {
      encoding: 'utf8',
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return [];
  }
  return out.split('\n').flatMap(parsePsRow);
}

/** One line of `ps -o pid=,ppid=,pgid=,state=,lstart=,command=`; lstart is five words, such as `Sat Nov 21 07:20:07 2026`. */
export function parsePsRow(line: string): ProcessInfo[] {
  const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S)\S*\s+(\w+\s+\w+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(line);
  if (match === null) return [];
  const [, pid, ppid, pgid, state = '?', started = '', command = ''] = match;
  const startTicks = Date.parse(started) / 10;
  return [{ pid: Number(pid), startTicks, ppid: Number(ppid), pgid: Number(pgid), state, cmdline: command.split(' ') }];
}
