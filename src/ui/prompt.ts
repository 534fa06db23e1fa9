import type { Consent } from '../engine/ports.ts';
import { InstallerError } from '../errors/installer-error.ts';
import { createPaint } from './paint.ts';
import type { Reporter } from './reporter-body.ts';
import { cleanLine } from './text.ts';

export interface ConsentOptions {
  /** `--yes`: every question is answered with yes, without being shown. */
  yes: boolean;
  stdin: NodeJS.ReadableStream;
  stderr: { write(text: string): unknown };
  /** Somebody can be asked: both streams are terminals. */
  interactive: boolean;
  reporter: Pick<Reporter, 'pause' | 'resume'>;
  color?: boolean;
  /** Ends a question that nobody has answered. */
  signal?: AbortSignal;
}

/**
 * Asks on the terminal, one question at a time; anything but "y" or "yes" is no, and so is the end of the input.
 *
 * @returns a function that throws InstallerError `consent_needed` when nobody can be asked, `consent_declined` for a no,
 *   and the signal's reason when it was aborted
 */
export function createConsent(options: ConsentOptions): Consent {
  const { yes, interactive, reporter } = options;
  let before: Promise<unknown> = Promise.resolve();

  async function ask(question: string, details: readonly string[]): Promise<void> {
    options.signal?.throwIfAborted();
    reporter.pause();
    try {
      if (await readYes(options, question, details)) return;
    } finally {
      reporter.resume();
    }
    throw new InstallerError('consent_declined', `declined: ${question}`, {
      lines: details,
      hint: 'nothing was changed by this; the same command asks again, with --yes it does not ask',
    });
  }

  return async (question, details = []) => {
    if (yes) return;
    if (!interactive) {
      throw new InstallerError('consent_needed', `cannot ask, there is no terminal: ${question}`, {
        lines: details,
        hint: 'the same command with --yes agrees to it',
      });
    }
    const asked = before.then(() => ask(question, details));
    before = asked.catch(() => undefined);
    await asked;
  };
}

async function readYes(options: ConsentOptions, question: string, details: readonly string[]): Promise<boolean> {
  const { stdin, stderr, signal } = options;
  // Loaded for a question only: few runs ask one.
  const { createInterface } = await import('node:readline');
  const paint = createPaint(options.color ?? false);
  for (const line of details) stderr.write(`    ${cleanLine(line)}\n`);
  stderr.write(`${paint.attention('?')} ${paint.strong(cleanLine(question))} [y/N] `);
  // Not readline's own line editing: it takes Ctrl-C away from the process. The terminal edits well enough.
  const lines = createInterface({ input: stdin, terminal: false });
  let stop: (() => void) | undefined;
  let answered = false;
  try {
    const answer = await new Promise<string | undefined>((resolve, reject) => {
      lines.once('line', resolve);
      lines.once('close', () => resolve(undefined));
      stop = () => reject(signal?.reason);
      signal?.addEventListener('abort', stop, { once: true });
    });
    if (answer !== undefined) answered = true;
    return /^\s*y(es)?\s*$/i.test(answer ?? '');
  } finally {
    // Enter has ended the line; an interruption and the end of the input have not.
    if (!answered) stderr.write('\n');
    if (stop !== undefined) signal?.removeEventListener('abort', stop);
    lines.close();
    stdin.pause();
  }
}
