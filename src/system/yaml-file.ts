import { readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { InstallerError } from '../errors/installer-error.ts';

export interface YamlFile {
  content: unknown;
  /** `file:line` of the value at a path inside it, or of the closest one around it. */
  where(path: readonly (string | number)[]): string;
}

/**
 * Reads a YAML file whose mistakes the user must be able to find.
 *
 * @param what names the file's role in an error, such as "--config"
 * @throws InstallerError `config` naming the file and, where it can, the line
 */
export function readYamlFile(path: string, what: string): YamlFile {
  const text = readText(path, what);
  const parsed = parse(text, path);
  const broken = parsed.document.errors[0];
  if (broken !== undefined) throw bad(parsed.at(broken.pos[0]), broken.message.split('\n')[0] ?? 'not YAML');
  // The nodes of a long file are memory that every fork pays for, kept for a mistake that is seldom there.
  let nodes = new WeakRef(parsed);
  return {
    content: toValue(parsed.document, path),
    where(keys) {
      const known = nodes.deref() ?? parse(text, path);
      nodes = new WeakRef(known);
      return findLine(known, keys) ?? path;
    },
  };
}

interface Parsed {
  document: ReturnType<typeof parseDocument>;
  /** `file:line` of an offset. */
  at(offset: number): string;
}

function parse(text: string, path: string): Parsed {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  return { document, at: (offset) => `${path}:${lines.linePos(offset).line}` };
}

function findLine({ document, at }: Parsed, keys: readonly (string | number)[]): string | undefined {
  for (let length = keys.length; length > 0; length -= 1) {
    const node = document.getIn(keys.slice(0, length), true) as { range?: [number, number, number] | null } | undefined;
    if (node?.range) return at(node.range[0]);
  }
  return undefined;
}

function toValue(document: ReturnType<typeof parseDocument>, path: string): unknown {
  try {
    return document.toJS();
  } catch (cause) {
    // Such as an alias without its anchor, or too many of them.
    throw bad(path, (cause as Error).message);
  }
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? 'no such file' : (cause as Error).message;
    throw new InstallerError('config', `${what} ${path}: ${why}`, { cause });
  }
}

function bad(where: string, why: string): InstallerError {
  return new InstallerError('config', `${where}: ${why}`);
}
