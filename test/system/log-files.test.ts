import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLogFiles } from '../../src/system/log-files.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const MIB = 1024 * 1024;

async function scene() {
  const folder = join(await makeTempFolder(), 'logs');
  return { folder, logs: createLogFiles(folder, 'run-5') };
}

describe('log files', () => {
  it('stand in a folder of the run, one a step and attempt, for us alone', async () => {
    const { folder, logs } = await scene();
    const path = logs.open('pods_ready', 2);
    expect(path).toBe(join(folder, 'run-5', 'pods_ready.2.log'));
    logs.append(path, 'one\n');
    logs.append(path, 'two\n');
    expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'run-5')).mode & 0o777).toBe(0o700);
  });

  it('of the last ten runs are kept', async () => {
    const { folder, logs } = await scene();
    for (let run = 0; run < 14; run += 1) {
      mkdirSync(join(folder, `run-4${String.fromCharCode(97 + run)}`), { recursive: true });
    }
    logs.open('a', 1);
    expect(readdirSync(folder)).toHaveLength(10);
    expect(readdirSync(folder)).toContain('run-5');
    expect(readdirSync(folder)).not.toContain('run-4a');
    expect(readdirSync(folder)).toContain('run-4n');
  });

  it('are cut back to their last part when they have grown too long', async () => {
    const { logs } = await scene();
    const path = logs.open('a', 1);
    writeFileSync(path, `first\n${'x'.repeat(11 * MIB)}\nlast\n`);
    logs.trim(path);
    const text = readFileSync(path, 'utf8');
    expect(text.length).toBeLessThan(2 * MIB);
    expect(text).toMatch(/^\[\d+ bytes left out\]\nx/);
    expect(text.endsWith('x\nlast\n')).toBe(true);
    logs.append(path, 'more\n');
    logs.trim(path);
    expect(readFileSync(path, 'utf8').endsWith('last\nmore\n')).toBe(true);
  });

  it('never fail, wherever they cannot be', async () => {
    const { folder } = await scene();
    writeFileSync(folder, 'a file where the folder should be');
    const logs = createLogFiles(folder, 'run');
    const path = logs.open('a', 1);
    logs.append(path, 'text');
    logs.trim(path);
    expect(logs.tail(path)).toEqual([]);
    expect(existsSync(path)).toBe(false);
  });
});

describe('the tail of a log', () => {
  const tailOf = async (text: string | Buffer, lines?: number) => {
    const { logs } = await scene();
    const path = logs.open('a', 1);
    logs.append(path, '');
    writeFileSync(path, text);
    return logs.tail(path, lines);
  };

  it('is the last lines that say something', async () => {
    const text = Array.from({ length: 50 }, (_, index) => `line ${index}\n\n`).join('');
    expect(await tailOf(text)).toHaveLength(20);
    expect(await tailOf(text, 2)).toEqual(['line 48', 'line 49']);
    expect(await tailOf('')).toEqual([]);
    expect(await tailOf('no newline')).toEqual(['no newline']);
  });

  it.each([
    ['colours', '\u001b[1;31mred\u001b[0m text\u001b[K', 'red text'],
    ['a private mode', '\u001b[?25lhidden cursor\u001b[?25h', 'hidden cursor'],
    ['a window title', '\u001b]0;title\u0007text', 'text'],
    ['a link', '\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
    ['a character set', '\u001b(Bplain\u001b)0', 'plain'],
    ['a saved cursor', '\u001b7moved\u001b8', 'moved'],
    ['control characters', 'a\u0000b\u0007c\u0008d\u007fe', 'abcde'],
    ['what was redrawn', '10 %\r50 %\r100 %', '100 %'],
    ['the line ends of Windows', 'text\r\n', 'text'],
    ['a tab, which stays', 'a\tb', 'a\tb'],
    ['letters of all kinds, which stay', 'é € 漢 😀', 'é € 漢 😀'],
  ])('is without %s', async (_, text, expected) => {
    expect(await tailOf(text)).toEqual([expected]);
  });

  it('is bounded, whatever the log holds', async () => {
    const tail = await tailOf(`${'x'.repeat(5 * MIB)}\n${'y'.repeat(100_000)}`);
    expect(tail.join('').length).toBeLessThanOrEqual(4000);
    const binary = await tailOf(Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256)));
    expect(binary.length).toBeLessThanOrEqual(20);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may be left
    for (const line of binary) expect(line).not.toMatch(/[\u0000-\u0008\u000b-\u001f]/);
  });
});
