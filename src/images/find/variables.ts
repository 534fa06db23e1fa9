import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';

export type Variables = Readonly<Record<string, string | undefined>>;

// $$, ${NAME}, ${NAME:-default}, ${NAME-default}, ${NAME:?error}, ${NAME:+other}, $NAME
// (https://github.com/compose-spec/compose-spec/blob/main/12-interpolation.md).
const PLACE = /\$(?:\$|\{([A-Za-z_]\w*)(?:(:?[-?+])([^{}]*))?\}|([A-Za-z_]\w*))/g;

/**
 * Fills in variables as compose does.
 *
 * @returns the text; or the names that have no value
 */
export function interpolate(text: string, variables: Variables): { text: string } | { unset: readonly string[] } {
  const unset: string[] = [];
  const filled = text.replace(PLACE, (whole, braced?: string, operator?: string, other?: string, bare?: string) => {
    if (whole === '$$') return '$';
    const name = braced ?? bare ?? '';
    const value = variables[name];
    const has = operator?.startsWith(':') ? value !== undefined && value !== '' : value !== undefined;
    if (operator?.endsWith('+')) return has ? (other ?? '') : '';
    if (has) return value ?? '';
    if (operator?.endsWith('-')) return other ?? '';
    unset.push(name);
    return '';
  });
  return unset.length > 0 ? { unset } : { text: filled };
}

/** What a compose file's variables stand for: the environment, then the `.env` beside the file. */
export function variablesFor(file: string, env: Variables): Variables {
  try {
    return { ...parseEnv(readFileSync(join(dirname(file), '.env'), 'utf8')), ...env };
  } catch {
    // No such file, which is the usual case.
    return env;
  }
}
