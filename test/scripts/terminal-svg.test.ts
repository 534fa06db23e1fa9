import { expect, test } from 'vitest';
import { renderTerminal } from '../../scripts/terminal-svg.ts';

const CAPTURE =
  '\u001b[1mcreate-cluster\u001b[0;2m · a\n\u001b[0m\u001b[39m\u001b[49m  \u001b[32m✓\u001b[39m <Check> & go\n$ \n\n';

test('a capture becomes an SVG with its colours, at fixed columns', () => {
  const svg = renderTerminal(CAPTURE, 'create-cluster');
  expect(svg).toContain('fill="#e6edf3" font-weight="bold">create-cluster</tspan>');
  expect(svg).toContain('fill="#8b949e">· a</tspan>');
  expect(svg).toContain('<tspan x="36.9" textLength="8.4" fill="#3fb950">✓</tspan>');
  expect(svg).toContain('>&#60;Check&#62; &#38; go</tspan>');
});

test("the shell's next prompt is left out, and what is drawn has an alternative text", () => {
  const svg = renderTerminal(CAPTURE, 'create-cluster');
  expect(svg.match(/<text /g)).toHaveLength(3);
  expect(svg).toContain('<desc>$ create-cluster\n\ncreate-cluster · a\n  ✓ &#60;Check&#62; &#38; go</desc>');
});

test('nothing at all is an empty card', () => {
  expect(renderTerminal('\n\n')).not.toContain('<text');
});
