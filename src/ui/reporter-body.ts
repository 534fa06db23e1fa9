import type { Listener } from '../engine/ports.ts';
import type { Paint } from './paint.ts';
import type { OutputStream } from './screen.ts';

export interface TerminalStream extends OutputStream {
  on?(event: 'resize', call: () => void): unknown;
  off?(event: 'resize', call: () => void): unknown;
}

/** Hears a run and shows it. */
export interface Reporter {
  readonly listener: Listener;
  /** Makes room for a question; what happens meanwhile is shown afterwards. */
  pause(): void;
  resume(): void;
  /** Shows how it ended, and nothing after that. Safe to call again, and when no run was ever started. */
  finish(): Promise<void>;
}

/** What the pictures of a run are made with. */
export interface TextOptions {
  stream: TerminalStream;
  columns: number;
  paint: Paint;
  verbose: boolean;
  estimate: (step: string) => number | undefined;
  now: () => number;
}
