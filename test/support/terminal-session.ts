import { execFileSync, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliEnvironment, entryOf, type Program } from './cli.ts';
import { waitFor } from './processes.ts';

/** A program on a real terminal of 80 columns (tmux), as somebody in front of it sees it. */
export interface TerminalSession {
  /** The lines of the screen now. */
  screen(): string;
  /** Types keys by tmux's names (`y`, `Enter`, `C-c`). */
  type(...keys: readonly string[]): void;
  seen(text: string | RegExp): Promise<void>;
  /** Exit code of the program, once it has ended. */
  ended(): Promise<number>;
  close(): void;
}

/** @param folder the working folder, which also holds what the session needs */
export function openTerminalSession(
  program: Program,
  args: readonly string[],
  { folder, home }: { folder: string; home: string },
): TerminalSession {
  // Each has a server of its own: one that is about to end still takes calls, and would end the next session with it.
  const name = randomUUID().slice(0, 8);
  const socket = join(folder, `tmux-${name}`);
  const tmux = (...words: readonly string[]) => execFileSync('tmux', ['-S', socket, ...words], { encoding: 'utf8' });
  const words = [process.execPath, entryOf(program), ...args].map((word) => `'${word}'`).join(' ');
  // The shell stays, so that the last screen and the exit code can be read.
  const script = join(folder, `session-${name}.sh`);
  writeFileSync(script, `trap : INT\n${words}\necho "[exit $?]"\nexec sleep 600\n`);
  execFileSync('tmux', ['-S', socket, '-f', '/dev/null', 'new-session', '-d', '-x', '80', '-y', '40', 'sh', script], {
    cwd: folder,
    env: { ...cliEnvironment({ home }), TERM: 'xterm-256color' },
  });
  const screen = () => tmux('capture-pane', '-p', '-S', '-100');
  const seen = (text: string | RegExp) =>
    // A whole installation may lie between two screens.
    waitFor(() => (typeof text === 'string' ? screen().includes(text) : text.test(screen())), 120_000);
  return {
    screen,
    type: (...keys) => void tmux('send-keys', ...keys),
    seen,
    async ended() {
      await seen(/\[exit \d+\]/);
      return Number(/\[exit (\d+)\]/.exec(screen())?.[1]);
    },
    close: () => void spawnSync('tmux', ['-S', socket, 'kill-server']),
  };
}
