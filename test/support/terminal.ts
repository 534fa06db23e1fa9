import { EventEmitter } from 'node:events';
import headless from '@xterm/headless';
import type { TerminalStream } from '../../src/ui/reporter-body.ts';

export interface TestTerminal extends TerminalStream {
  /** All that was written, as it went out. */
  readonly written: string;
  /** What a person sees, with what has scrolled away above; without trailing blanks. */
  screen(): Promise<string[]>;
  resize(columns: number, rows: number): Promise<void>;
}

/** A real terminal emulator as a stream: what it shows is what a user would see. */
export function openTestTerminal(columns = 80, rows = 24): TestTerminal {
  // convertEol: the line discipline of a terminal device turns \n into \r\n.
  const terminal = new headless.Terminal({
    cols: columns,
    rows,
    convertEol: true,
    scrollback: 5000,
    allowProposedApi: true,
  });
  const events = new EventEmitter();
  let written = '';
  const settled = (): Promise<void> => new Promise((resolve) => terminal.write('', resolve));
  return {
    columns,
    rows,
    get written() {
      return written;
    },
    write(text) {
      written += text;
      terminal.write(text);
    },
    on: (event, call) => events.on(event, call),
    off: (event, call) => events.off(event, call),
    async screen() {
      await settled();
      const { active } = terminal.buffer;
      const lines = Array.from(
        { length: active.length },
        (_, row) => active.getLine(row)?.translateToString(true) ?? '',
      );
      while (lines.at(-1) === '') lines.pop();
      return lines;
    },
    async resize(newColumns, newRows) {
      await settled();
      terminal.resize(newColumns, newRows);
      this.columns = newColumns;
      this.rows = newRows;
      events.emit('resize');
    },
  };
}

/** Keeps what is written. */
export function collectOutput(): { write(text: string): void; readonly text: string } {
  let text = '';
  return {
    write: (more) => {
      text += more;
    },
    get text() {
      return text;
    },
  };
}
