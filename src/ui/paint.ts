/** Few colours, each with one meaning: green done, yellow running or wanting attention, red failed, dim the rest. */
export interface Paint {
  done(text: string): string;
  attention(text: string): string;
  failed(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
}

const plain = (text: string): string => text;

/** Own five codes, because `--status` must not wait for a library. */
const sgr =
  (open: number, close: number) =>
  (text: string): string =>
    text === '' ? '' : `\u001b[${open}m${text}\u001b[${close}m`;

const COLORED: Paint = {
  done: sgr(32, 39),
  attention: sgr(33, 39),
  failed: sgr(31, 39),
  dim: sgr(2, 22),
  strong: sgr(1, 22),
};

const PLAIN: Paint = { done: plain, attention: plain, failed: plain, dim: plain, strong: plain };

/** @param color whether the terminal and the user want colours */
export function createPaint(color: boolean): Paint {
  return color ? COLORED : PLAIN;
}
