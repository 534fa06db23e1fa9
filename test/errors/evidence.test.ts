import { describe, expect, it } from 'vitest';
import {
  type ChildEvidence,
  classifyError,
  classifyOutput,
  classifyStatus,
  weigh,
} from '../../src/errors/classify-error.ts';
import { ERROR_CLASSES } from '../../src/errors/error-class.ts';
import { EVIDENCE } from '../../src/errors/evidence.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { type Captured, readCaptured } from '../support/evidence/captured.ts';
import { listCases } from '../support/evidence/cases.ts';
import type { Peers } from '../support/evidence/peers.ts';

const TAIL_LINES = 20;
const captured = readCaptured();

/** The program is the first word of what was typed, as a step's command gives it. */
function childOf({ command, exit, output }: Captured): ChildEvidence {
  const words = command.split(' ').filter((word) => !/^[A-Z_]+=/.test(word));
  return { ...(words[0] === undefined ? {} : { program: words[0] }), exitCode: exit, output };
}

describe('the table of evidence', () => {
  it.each([...captured])('takes real output for what it is: %s', (_, file) => {
    expect(ERROR_CLASSES).toContain(file.class);
    expect(classifyOutput(childOf(file))).toBe(file.class);
  });

  // Node.js shows the whole certificate below the code.
  it.each([...captured].filter(([name]) => name !== 'node-other-name'))(
    'takes the last lines, as an error carries them, for the same: %s',
    (_, file) => {
      const { program = '', exitCode = 1, output } = childOf(file);
      const tail = output.trimEnd().split('\n').slice(-TAIL_LINES);
      const error = new InstallerError('step_failed', 'failed', { command: program, childExit: exitCode, tail });
      expect(classifyError(error)).toBe(file.class);
    },
  );

  it.each(EVIDENCE.map((row) => [describeRow(row), row] as const))('has no idle row: %s', (_, row) => {
    const without = EVIDENCE.filter((other) => other !== row);
    const differing = [...captured.values()].filter((file) => weigh(childOf(file), without) !== weigh(childOf(file)));
    expect(differing).not.toEqual([]);
  });

  it('is tested with every failure that is listed to be captured, and with no other', () => {
    const anyPeers = new Proxy({} as Peers, { get: () => '127.0.0.1:1' });
    const listed = listCases(anyPeers).map(({ name, class: errorClass }) => [name, errorClass]);
    expect([...captured].map(([name, file]) => [name, file.class])).toEqual(
      listed.sort(([a = ''], [b = '']) => (a < b ? -1 : 1)),
    );
  });

  it('knows every class that evidence can point to', () => {
    const classes = new Set(EVIDENCE.map((row) => ('class' in row ? row.class : undefined)));
    expect(ERROR_CLASSES.filter((name) => !classes.has(name))).toEqual([]);
  });
});

function describeRow({ note: _, ...row }: (typeof EVIDENCE)[number]): string {
  return Object.entries(row)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

it.each([
  [200, 'unknown'],
  [304, 'unknown'],
  [400, 'unknown'],
  [404, 'not_found'],
  [429, 'rate_limited'],
  [500, 'server_error'],
  [507, 'disk_full'],
  [599, 'server_error'],
  [600, 'unknown'],
] as const)('an HTTP status alone has a class: %d', (status, expected) => {
  expect(classifyStatus(status)).toBe(expected);
});

describe('a child that failed', () => {
  it('is known by its path, and apt-get as apt', () => {
    expect(classifyOutput({ program: '/usr/bin/curl', exitCode: 28, output: '' })).toBe('network_timeout');
    expect(classifyOutput({ program: 'other', exitCode: 28, output: '' })).toBe('unknown');
    expect(weigh({ program: '/usr/bin/apt-get', exitCode: 100, output: '' })).toBe('unknown');
    expect(weigh({ program: 'other', exitCode: 100, output: '' })).toBeUndefined();
  });

  it('is read without colours, and from the end of a long output', () => {
    expect(classifyOutput({ output: 'E: Could not \u001b[31mget\u001b[0m lock /x' })).toBe('lock_held');
    const noise = 'Connection refused\n'.padEnd(100_000, '.');
    expect(classifyOutput({ output: `${noise}\nNo space left on device` })).toBe('disk_full');
    expect(classifyOutput({ output: noise })).toBe('unknown');
  });

  it('says more by its output than by its exit code', () => {
    expect(classifyOutput({ program: 'wget', exitCode: 4, output: 'Connection timed out' })).toBe('network_timeout');
  });
});
