import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { type ProcessInfo, readProcess } from './process-table.ts';

/** Who holds a TCP port. */
export interface PortListener {
  /** Absent when the process is another user's and the system does not tell. */
  process?: ProcessInfo;
}

const LISTEN = '0A';
/** 127.0.0.1, 0.0.0.0, ::, ::1 and the mapped 127.0.0.1, as /proc/net/tcp and tcp6 write them (bytes in host order, per word). */
const MEETS_LOOPBACK = new Set([
  '0100007F',
  '00000000',
  '00000000000000000000000000000000',
  '00000000000000000000000001000000',
  '0000000000000000FFFF00000100007F',
]);

/**
 * Tells who listens on a TCP port where a program on 127.0.0.1 would meet it; undefined when nobody does.
 *
 * @param port number of the port on this host
 */
export function listenerOf(port: number): PortListener | undefined {
  if (process.platform !== 'linux') return listenerByLsof(port);
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return undefined;
  const pid = ownerOf(inodes);
  const found = pid === undefined ? undefined : readProcess(pid);
  return found === undefined ? {} : { process: found };
}

function listeningInodes(port: number): Set<string> {
  const suffix = port.toString(16).toUpperCase().padStart(4, '0');
  const inodes = new Set<string>();
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const row of readRows(table)) {
      const [, local = '', , state, , , , , , inode] = row.trim().split(/\s+/);
      const [address = '', hexPort] = local.split(':');
      if (state === LISTEN && hexPort === suffix && MEETS_LOOPBACK.has(address) && inode !== undefined)
        inodes.add(inode);
    }
  }
  return inodes;
}

function readRows(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').split('\n').slice(1);
  } catch {
    // A kernel without IPv6 has no tcp6.
    return [];
  }
}

function ownerOf(inodes: ReadonlySet<string>): number | undefined {
  const links = new Set([...inodes].map((inode) => `socket:[${inode}]`));
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const folder = `/proc/${name}/fd`;
      if (readdirSync(folder).some((fd) => links.has(readLink(`${folder}/${fd}`)))) return Number(name);
    } catch {
      // Another user's process, or one that just ended.
    }
  }
  return undefined;
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

function listenerByLsof(port: number): PortListener | undefined {
  try {
    const out = execFileSync('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fp'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const pid = /^p(\d+)$/m.exec(out)?.[1];
    const found = pid === undefined ? undefined : readProcess(Number(pid));
    return found === undefined ? {} : { process: found };
  } catch {
    // lsof exits with 1 when nobody listens.
    return undefined;
  }
}
