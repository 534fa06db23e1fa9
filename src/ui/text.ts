/** Texts that come from elsewhere (steps, children, plans), made fit for a terminal of a given width. */

const PRINTABLE_ASCII = /^[ -~]*$/;
let segmenter: Intl.Segmenter | undefined;

/** One line without anything that a terminal would obey: escape sequences dropped, control characters made spaces. */
export function cleanLine(text: string): string {
  return PRINTABLE_ASCII.test(text) ? text : dropEscapes(text).replace(controls(), ' ').trimEnd();
}

/** Columns that a clean text takes. Where terminals disagree (pictures) the larger number, so that no line wraps. */
export function widthOf(text: string): number {
  if (PRINTABLE_ASCII.test(text)) return text.length;
  let width = 0;
  for (const character of charactersOf(text)) width += widthOfCharacter(character);
  return width;
}

/** Cut to at most `columns`, with "…" where something is missing. */
export function truncate(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  if (columns < 1) return '';
  let kept = '';
  let width = 0;
  for (const character of charactersOf(text)) {
    width += widthOfCharacter(character);
    if (width > columns - 1) break;
    kept += character;
  }
  return `${kept}…`;
}

/** Filled with spaces up to `columns`. */
export function padTo(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - widthOf(text)));
}

/** Broken between words; a word that is longer than a line (a path, a command) stays whole, so that it can be copied. */
export function wrapWords(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line: string | undefined;
  for (const word of text.split(' ')) {
    const longer = line === undefined ? word : `${line} ${word}`;
    if (line !== undefined && widthOf(longer) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return line === undefined ? lines : [...lines, line];
}

/** Cut into pieces of at most `columns`, wherever that is. */
export function breakAt(text: string, columns: number): string[] {
  const pieces: string[] = [];
  let piece = '';
  let width = 0;
  for (const character of charactersOf(text)) {
    const more = widthOfCharacter(character);
    if (width + more > columns && piece !== '') {
      pieces.push(piece);
      piece = '';
      width = 0;
    }
    piece += character;
    width += more;
  }
  return [...pieces, piece];
}

function charactersOf(text: string): Iterable<string> {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

function widthOfCharacter(character: string): number {
  if (character.length === 1 && PRINTABLE_ASCII.test(character)) return 1;
  if (/^[\p{M}\p{Cf}\p{Cc}]+$/u.test(character)) return 0;
  return isWide(character) ? 2 : 1;
}

// The patterns below are made when they are needed: looking up Unicode properties takes longer than showing a status.

/** CSI, OSC and other escape sequences (ECMA-48), as children write them into their output. */
function dropEscapes(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    /[\u001b\u009b](?:\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|[[()#;?]*(?:\d{1,4}(?:[;:]\d{0,4})*)?[0-~])/g,
    '',
  );
}

/** Control characters, and those that turn the writing direction around. */
function controls(): RegExp {
  return /[\p{Cc}\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu;
}

/** Blocks of two columns (Unicode UAX #11, wide and fullwidth) and pictures. */
function isWide(character: string): boolean {
  return /\p{Emoji_Presentation}|\ufe0f|[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1b000}-\u{1b2ff}\u{1f000}-\u{1faff}\u{20000}-\u{3fffd}]/u.test(
    character,
  );
}

/** `1 step`, `7 steps`. */
export function countSteps(count: number): string {
  return `${count} ${count === 1 ? 'step' : 'steps'}`;
}
