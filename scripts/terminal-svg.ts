/** A dark card that reads well on light and dark pages; colours of GitHub's dark theme. */
const THEME = {
  card: '#0d1117',
  edge: '#30363d',
  text: '#e6edf3',
  dim: '#8b949e',
  31: '#ff7b72',
  32: '#3fb950',
  33: '#d29922',
  lights: ['#ff5f57', '#febc2e', '#28c840'],
} as const;
const FONT = 14;
const CELL = 8.43;
const LINE = 20;
const MARGIN = 20;
const BAR = 40;

// biome-ignore lint/suspicious/noControlCharactersInRegex: colour codes are what is read here
const CODE = /(\u001b\[[\d;]*m)/;

interface Style {
  color: string;
  bold: boolean;
  dim: boolean;
}

/**
 * @param capture text with SGR colour codes, as `tmux capture-pane -e -p` gives it
 * @param command shown after a prompt, above the text
 */
export function renderTerminal(capture: string, command?: string): string {
  const lines = capture.trimEnd().split('\n');
  // The shell's next prompt is no part of the picture.
  while (/^[$#%]?$/.test(withoutCodes(lines.at(-1) ?? 'end').trim())) lines.pop();
  const prompt = command === undefined ? [] : [`\u001b[32m$\u001b[39m \u001b[1m${command}\u001b[22m`, ''];
  const all = [...prompt, ...lines];
  const columns = Math.max(...all.map((line) => [...withoutCodes(line)].length), 72);
  const width = Math.ceil(columns * CELL + 2 * MARGIN);
  const height = BAR + all.length * LINE + MARGIN;
  const style: Style = { color: THEME.text, bold: false, dim: false };
  const rows = all
    .map((line, index) => renderLine(line, BAR + (index + 0.8) * LINE, style))
    .filter((row) => row !== '');
  const lights = THEME.lights.map(
    (color, index) => `<circle cx="${MARGIN + 6 + index * 20}" cy="20" r="6" fill="${color}"/>`,
  );
  const label = escapeXml(withoutCodes(all.join('\n')).trim());
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escapeXml(command ?? 'terminal')}</title>`,
    `<desc>${label}</desc>`,
    `<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10" fill="${THEME.card}" stroke="${THEME.edge}"/>`,
    ...lights,
    `<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${FONT}" xml:space="preserve">`,
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

/** Each run of one style has its own place and length, so that no font can push the columns apart. */
function renderLine(line: string, y: number, style: Style): string {
  const spans: string[] = [];
  let column = 0;
  for (const part of line.split(CODE)) {
    if (part.startsWith('\u001b[')) {
      applyCodes(part.slice(2, -1), style);
      continue;
    }
    const length = [...part].length;
    for (const [, gap = '', text = ''] of part.matchAll(/(\s*)(\S+(?: \S+)*)/g)) {
      column += gap.length;
      const size = [...text].length;
      spans.push(renderSpan(text, column, size, style));
      column += size;
    }
    column += length - [...part.trimEnd()].length;
  }
  return spans.length === 0 ? '' : `<text y="${y.toFixed(1)}">${spans.join('')}</text>`;
}

function renderSpan(text: string, column: number, size: number, { color, bold, dim }: Style): string {
  const x = (MARGIN + column * CELL).toFixed(1);
  const weight = bold ? ' font-weight="bold"' : '';
  const fill = dim && color === THEME.text ? THEME.dim : color;
  return `<tspan x="${x}" textLength="${(size * CELL).toFixed(1)}" fill="${fill}"${weight}>${escapeXml(text)}</tspan>`;
}

function applyCodes(codes: string, style: Style): void {
  for (const code of codes.split(';').map(Number)) {
    if (code === 0) Object.assign(style, { color: THEME.text, bold: false, dim: false });
    if (code === 1) style.bold = true;
    if (code === 2) style.dim = true;
    if (code === 22) Object.assign(style, { bold: false, dim: false });
    if (code === 31 || code === 32 || code === 33) style.color = THEME[code];
    if (code === 39) style.color = THEME.text;
  }
}

function withoutCodes(text: string): string {
  return text
    .split(CODE)
    .filter((part) => !part.startsWith('\u001b'))
    .join('');
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
