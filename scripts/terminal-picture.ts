/**
 * Draws what a terminal shows as an SVG, for the README:
 *
 *   tmux capture-pane -e -p -t PANE | node scripts/terminal-picture.ts "scripts/create-cluster" > docs/images/create-cluster.svg
 *
 * The input is text with colour codes, the argument the command that is shown above it.
 */
import { readFileSync } from 'node:fs';
import { renderTerminal } from './terminal-svg.ts';

const [command] = process.argv.slice(2);
process.stdout.write(renderTerminal(readFileSync(0, 'utf8'), command));
