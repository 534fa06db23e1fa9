import { readFileSync } from 'node:fs';
import type { RunningCli } from './cli.ts';

/** @returns the most memory that the process has held so far, in kB; 0 where the kernel does not tell */
export function watchMemory(cli: RunningCli): () => number {
  let most = 0;
  const look = () => {
    try {
      const found = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${cli.pid}/status`, 'utf8'))?.[1];
      most = Math.max(most, Number(found ?? 0));
    } catch {
      // It has ended.
    }
  };
  const timer = setInterval(look, 50);
  void cli.ended.finally(() => clearInterval(timer));
  return () => most;
}
