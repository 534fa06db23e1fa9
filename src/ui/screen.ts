import { widthOf } from './text.ts';

/** What is needed of a terminal's stream; `process.stderr` is one. */
export interface OutputStream {
  write(text: string): unknown;
  columns?: number | undefined;
  rows?: number | undefined;
}

/** A block of lines at the end of the output that is drawn again in place. */
export interface Screen {
  /** Replaces the block; only lines that differ are written. */
  draw(lines: readonly string[]): void;
  /** Writes lines that stay, above the block. */
  print(lines: readonly string[]): void;
  /** Takes the block away. */
  erase(): void;
  /** Leaves the block where it is; the next one begins below it. */
  keep(): void;
  /** After a change of the terminal's width: lines that were broken by it are counted as they stand now. */
  reflow(columns: number): void;
}

const ESC = '\u001b[';
const ERASE_LINE_REST = `${ESC}K`;
const ERASE_BELOW = `${ESC}J`;
/** Synchronized output (DEC private mode 2026): terminals that know it show the whole change at once. */
const BEGIN = `${ESC}?2026h`;
const END = `${ESC}?2026l`;
// biome-ignore lint/suspicious/noControlCharactersInRegex: own colour codes
const COLORS = /\u001b\[\d+m/g;

/**
 * The cursor is never hidden: it rests on the line below the block, so that no crash, not even SIGKILL, can leave a
 * terminal without one.
 */
export function createScreen(stream: OutputStream): Screen {
  let shown: readonly string[] = [];
  /** Lines on the terminal that the block takes; more than it has when the terminal became narrower. */
  let height = 0;

  const up = (lines: number): string => (lines > 0 ? `\r${ESC}${lines}A` : '\r');
  const write = (text: string): void => {
    stream.write(`${BEGIN}${text}${END}`);
  };
  const whole = (lines: readonly string[]): string => lines.map((line) => `${line}${ERASE_LINE_REST}\n`).join('');

  function draw(lines: readonly string[]): void {
    if (height === shown.length && lines.length === height && lines.every((line, index) => line === shown[index]))
      return;
    const broken = height !== shown.length;
    let text = up(height);
    if (broken) text += ERASE_BELOW;
    for (const [index, line] of lines.entries()) {
      text += !broken && line === shown[index] ? '\n' : `${line}${ERASE_LINE_REST}\n`;
    }
    write(lines.length < height && !broken ? `${text}${ERASE_BELOW}` : text);
    shown = lines;
    height = lines.length;
  }

  return {
    draw,
    print(lines) {
      write(`${up(height)}${ERASE_BELOW}${whole(lines)}${whole(shown)}`);
      height = shown.length;
    },
    erase() {
      if (height > 0) write(`${up(height)}${ERASE_BELOW}`);
      shown = [];
      height = 0;
    },
    keep() {
      shown = [];
      height = 0;
    },
    reflow(columns) {
      const fits = (line: string): number => Math.max(1, Math.ceil(widthOf(line.replace(COLORS, '')) / columns));
      height = shown.reduce((sum, line) => sum + fits(line), 0);
    },
  };
}
