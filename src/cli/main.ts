import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProgramName } from './program.ts';
import { readVersion } from './version.ts';
import { EXIT_LOST, findTerminal, writeNow } from './write-now.ts';

const HELP = new Set(['--help', '-h']);
const WIDE = 100;

/**
 * Entry of both programs. What must answer at once (`--help`, `--version`, `--status`) is answered here, without loading
 * what a run needs; all else goes through the full command line.
 *
 * @param argv without node and the script
 */
export async function main(name: ProgramName, argv: readonly string[]): Promise<void> {
  const [word = ''] = argv;
  // Rendered for a wide terminal.
  if (argv.length === 1 && HELP.has(word) && (findTerminal(1)?.columns ?? WIDE) >= WIDE)
    return answer(readFileSync(join(import.meta.dirname, 'help', `${name}.txt`), 'utf8'));
  if (argv.length === 1 && word === '--version') return answer(`${readVersion()}\n`);
  if (name === 'create-cluster' && argv.includes('--status')) {
    const { quickStatus } = await import('./quick-status.ts');
    const exitCode = quickStatus(argv);
    if (exitCode !== undefined) {
      process.exitCode = exitCode;
      return;
    }
  }
  const { runCommandLine } = await import('./run-command-line.ts');
  await runCommandLine(name, argv, readVersion());
}

function answer(text: string): void {
  if (!writeNow(1, text)) process.exitCode = EXIT_LOST;
}
