import { readdirSync, readFileSync } from 'node:fs';
import type { ErrorClass } from '../../../src/errors/error-class.ts';

/** Output of a real program that failed, and what its failure is taken for. */
export interface Captured {
  command: string;
  exit: number;
  class: ErrorClass;
  output: string;
}

export const CAPTURED = new URL('../../errors/captured/', import.meta.url);

/** The text of a captured file: `$ command`, `exit N`, `class C`, an empty line, then the output. */
export function formatCaptured({ command, exit, class: errorClass, output }: Captured): string {
  return `$ ${command}\nexit ${exit}\nclass ${errorClass}\n\n${output.trimEnd()}\n`;
}

/** All captured files by name, without their ending. */
export function readCaptured(): ReadonlyMap<string, Captured> {
  const names = readdirSync(CAPTURED).filter((name) => name.endsWith('.txt'));
  return new Map(
    names
      .map((name) => name.slice(0, -4))
      .sort()
      .map((name) => [name, parse(readFileSync(new URL(`${name}.txt`, CAPTURED), 'utf8'))]),
  );
}

function parse(text: string): Captured {
  const [, command = '', exit, errorClass, output = ''] =
    /^\$ ([\s\S]*?)\nexit (\d+)\nclass (\w+)\n\n([\s\S]*)$/.exec(text) ?? [];
  return { command, exit: Number(exit), class: errorClass as ErrorClass, output };
}
