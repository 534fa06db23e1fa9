import * as z from 'zod';
import { InstallerError } from '../../errors/installer-error.ts';
import { nearest } from '../../ui/nearest.ts';

type Path = readonly (string | number)[];

/**
 * The first mistake that a schema found, as the user must see it: file and line, key, what it takes, the nearest known
 * key for one that is not.
 *
 * @param at path of the parsed value inside the file
 */
export function explainIssue(
  error: z.ZodError,
  schema: z.ZodType,
  at: Path,
  where: (path: Path) => string,
  whole: string,
): InstallerError {
  const issue = error.issues[0];
  const inside = (issue?.path ?? []).map((key) => (typeof key === 'symbol' ? String(key) : key));
  const path = [...at, ...inside];
  if (issue?.code !== 'unrecognized_keys') {
    return new InstallerError('config', `${where(path)}: ${path.join('.') || whole}: ${issue?.message}`);
  }
  const [key = ''] = issue.keys;
  const known = keysAt(schema, inside);
  const near = nearest(key, known);
  return new InstallerError('config', `${where([...path, key])}: ${[...path, key].join('.')}: is not known`, {
    hint: near === undefined ? `known here: ${known.join(', ')}` : `did you mean ${near}?`,
  });
}

function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  let at: unknown = schema;
  for (const key of path) at = typeof key === 'number' ? elementOf(unwrap(at)) : shapeOf(unwrap(at))[key];
  return Object.keys(shapeOf(unwrap(at)));
}

function unwrap(schema: unknown): unknown {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodDefault ? unwrap(schema.unwrap()) : schema;
}

function elementOf(schema: unknown): unknown {
  return schema instanceof z.ZodArray ? schema.element : undefined;
}

function shapeOf(schema: unknown): Readonly<Record<string, unknown>> {
  return schema instanceof z.ZodObject ? schema.shape : {};
}
