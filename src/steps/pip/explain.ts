import { existsSync, readFileSync } from 'node:fs';
import { InstallerError, toInstallerError } from '../../errors/installer-error.ts';

export const PIP_HINT =
  'on Debian and Ubuntu: apt-get install python3-pip python3-venv; or put uv on the PATH, which needs neither';

/** In pip's log; on the terminal it tells of an index that fails only that there is no such package. */
const NOT_FETCHED = /Could not fetch URL (\S+): (.*?)(?: - skipping)?$/;
/** There, but without the package: which is what pip says on the terminal, too. */
const NOT_THERE = /\b404\b/;
/** uv's chain of reasons; the last is the deepest. */
const CAUSE = /^\s*(?:cause:|Caused by:|╰─▶)\s*(.*)$/;
const SAID = /^(?:ERROR:|error:|\s*[×╰][─▶>\s]*)\s*(.*?):?$/;

/**
 * The failure of pip or uv in the words that count.
 *
 * @param log file in which pip has written more than on the terminal
 */
export function explainPip(thrown: unknown, log?: string): unknown {
  const error = toInstallerError(thrown);
  // The class is told anew, by what is known by then.
  const { tail = [], childExit, class: _, ...details } = error.details;
  if (childExit === undefined) return thrown;
  const known = (message: string, hint: string) =>
    new InstallerError('step_failed', message, { ...details, tail, childExit, class: 'not_runnable', hint });
  const text = tail.join('\n');
  if (/externally[- ]managed/i.test(text)) {
    return known(
      'this Python is managed by the system, which packages of pip may break (PEP 668)',
      'install into a virtual environment: --venv DIR (venv: in a plan), or into the system after all: --break-system-packages',
    );
  }
  if (/No module named pip\b/.test(text)) return known('this Python has no pip', PIP_HINT);
  const failed = /No matching distribution found/.test(text) ? readNotFetched(log) : [];
  const [first] = failed;
  if (first !== undefined) {
    return new InstallerError(error.code, `cannot fetch ${first}`, {
      ...details,
      childExit,
      tail: [...tail, ...failed],
    });
  }
  const all = tail.flatMap((line) => SAID.exec(line)?.[1] ?? []);
  // pip names some errors by one-word-like-this before it says what happened.
  const said = all.find((words) => words.includes(' ')) ?? all[0];
  if (said === undefined) return thrown;
  const cause = tail.map((line) => CAUSE.exec(line)?.[1]).findLast((words) => words !== undefined);
  return new InstallerError(error.code, cause === undefined ? said : `${said}: ${cause}`, error.details);
}

/** One line for each address that pip could not fetch. */
function readNotFetched(log: string | undefined): readonly string[] {
  if (log === undefined || !existsSync(log)) return [];
  const found = readFileSync(log, 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, url, reason = ''] = NOT_FETCHED.exec(line) ?? [];
      return url === undefined || NOT_THERE.test(reason) ? [] : [`${url}: ${reason}`];
    });
  return [...new Set(found)];
}
