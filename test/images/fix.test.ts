import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InstallerError } from '../../src/errors/installer-error.ts';
import type { CheckedImage } from '../../src/images/check-images.ts';
import { readSources } from '../../src/images/find/read-sources.ts';
import { describeDifference } from '../../src/images/fix/edit-text.ts';
import { type Fix, planFixes } from '../../src/images/fix/plan-fixes.ts';
import { planReversion, revert } from '../../src/images/fix/revert.ts';
import { fixSources, writeFixed } from '../../src/images/fix/write-fixes.ts';
import { parsePlatform } from '../../src/images/platform.ts';
import { parseReference } from '../../src/images/reference.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const AMD64 = parsePlatform('linux/amd64');
const NOW = new Date('2026-01-02T03:04:05.678Z');
const COMPOSE = `# Our stack.\r
services:
    web:   {  image:   "nginx:1.20.1"   }  # keep me
    other:
        image: 'redis:7.0.12'   # and me


    third: &t
        image: nginx:1.20.1
    fourth: *t
`;

const gone = (text: string, errorClass: 'not_found' | 'server_error' | 'unauthorized' = 'not_found'): InstallerError =>
  new InstallerError('step_failed', `${text}: gone`, { class: errorClass });

async function makeStack() {
  const folder = await makeTempFolder();
  const file = join(folder, 'compose.yaml');
  await writeFile(file, COMPOSE);
  const sources = await readSources([file], {});
  const checked = (text: string, error: InstallerError): CheckedImage => ({
    text,
    places: sources.flatMap(({ images }) => images.filter((image) => image.text === text)),
    reference: parseReference(text),
    platform: AMD64,
    error,
  });
  const fixed = (text: string, to: string): Fix => ({
    image: checked(text, gone(text)),
    to,
    change: 'patch',
    unpins: false,
    mayNeedLogin: false,
    link: { image: to },
    passedOver: [],
  });
  return { folder, file, sources, checked, fixed };
}

describe('a fixed file', () => {
  it('differs in its images alone: quotes, comments, spaces and line ends stay', async () => {
    const { file, sources, fixed } = await makeStack();
    const [result] = fixSources(sources, [fixed('nginx:1.20.1', 'nginx:1.20'), fixed('redis:7.0.12', 'redis:7.0')]);
    expect(result?.after).toBe(COMPOSE.replaceAll('nginx:1.20.1', 'nginx:1.20').replace('redis:7.0.12', 'redis:7.0'));
    expect(result?.difference).toEqual([
      `${file}:3`,
      '-    web:   {  image:   "nginx:1.20.1"   }  # keep me',
      '+    web:   {  image:   "nginx:1.20"   }  # keep me',
      `${file}:5`,
      "-        image: 'redis:7.0.12'   # and me",
      "+        image: 'redis:7.0'   # and me",
      `${file}:9`,
      '-        image: nginx:1.20.1',
      '+        image: nginx:1.20',
    ]);
  });

  it('keeps its rights and leaves a dated copy; through a link the file itself is written', async () => {
    const { folder, file, sources, fixed } = await makeStack();
    await chmod(file, 0o640);
    const link = join(folder, 'link.yaml');
    await symlink('compose.yaml', link);
    const [result] = fixSources(sources, [fixed('nginx:1.20.1', 'nginx:1.20')]);
    if (result === undefined) throw new Error('nothing to write');
    const copy = await writeFixed({ ...result, file: link }, NOW);
    expect(copy).toBe(`${link}.2026-01-02T03-04-05.678Z.bak`);
    expect(await readFile(copy, 'utf8')).toBe(COMPOSE);
    expect(await readFile(file, 'utf8')).toContain('nginx:1.20"');
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('that has changed meanwhile is left alone', async () => {
    const { file, sources, fixed } = await makeStack();
    const [result] = fixSources(sources, [fixed('nginx:1.20.1', 'nginx:1.20')]);
    await writeFile(file, `${COMPOSE}# mine\n`);
    await expect(writeFixed(result ?? expect.fail(), NOW)).rejects.toMatchObject({ code: 'config' });
    expect(await readFile(file, 'utf8')).toBe(`${COMPOSE}# mine\n`);
  });

  it('goes back to what it was, also twice, and tells when more than images would be lost', async () => {
    const { file, fixed } = await makeStack();
    const write = async (now: Date, from: string, to: string) => {
      const read = await readSources([file], {});
      const fix = fixed(from, to);
      const places = read.flatMap(({ images }) => images.filter(({ text }) => text === from));
      const [result] = fixSources(read, [{ ...fix, image: { ...fix.image, places } }]);
      await writeFixed(result ?? expect.fail(), now);
    };
    await write(NOW, 'redis:7.0.12', 'redis:7');
    await write(new Date('2026-01-02T03:04:06.000Z'), 'nginx:1.20.1', 'nginx:1');
    const reversion = await planReversion(file);
    expect(reversion.losesMore).toBe(false);
    await revert(reversion);
    expect(await readFile(file, 'utf8')).toBe(COMPOSE.replace('redis:7.0.12', 'redis:7'));
    await writeFile(file, `${await readFile(file, 'utf8')}# mine\n`);
    const second = await planReversion(file);
    expect(second.losesMore).toBe(true);
    expect(second.difference).toContain('-# mine');
    await revert(second);
    expect(await readFile(file, 'utf8')).toBe(COMPOSE);
    await expect(planReversion(file)).rejects.toMatchObject({ code: 'config' });
  });
});

describe('a plan of fixes', () => {
  const chains = [{ image: 'nginx:1.20.1', fallbacks: [{ image: 'nginx:1.20' }, { image: 'nginx:1' }] }];
  const found = { digest: `sha256:${'1'.repeat(64)}`, platform: AMD64 };

  it('takes the first link that can be had, and says what it passed over', async () => {
    const { checked } = await makeStack();
    const lookUp = async ({ tag }: { tag?: string }) => {
      if (tag === '1') return found;
      throw gone(`nginx:${tag}`);
    };
    const { fixes } = await planFixes([checked('nginx:1.20.1', gone('x'))], chains, lookUp);
    expect(fixes).toMatchObject([
      { to: 'nginx:1', change: 'minor', unpins: false, passedOver: [{ image: 'nginx:1.20', why: 'nginx:1.20: gone' }] },
    ]);
  });

  it('keeps an image whose registry is ill, and one without a chain', async () => {
    const { checked } = await makeStack();
    const images = [checked('nginx:1.20.1', gone('x', 'server_error')), checked('redis:7.0.12', gone('y'))];
    const { fixes, unfixed } = await planFixes(images, chains, async () => found);
    expect(fixes).toEqual([]);
    expect(unfixed.map(({ why }) => why)).toEqual(['x: gone', 'there is no chain for it']);
  });

  it('marks what may only need a login', async () => {
    const { checked } = await makeStack();
    const { fixes } = await planFixes([checked('nginx:1.20.1', gone('x', 'unauthorized'))], chains, async () => found);
    expect(fixes).toMatchObject([{ to: 'nginx:1.20', mayNeedLogin: true }]);
  });

  it('pins again what was pinned, and says so', async () => {
    const { checked } = await makeStack();
    const pinned = { ...checked('nginx:1.20.1', gone('x')) };
    const reference = parseReference(`nginx:1.20.1@sha256:${'0'.repeat(64)}`);
    const { fixes } = await planFixes([{ ...pinned, reference }], chains, async () => found);
    expect(fixes).toMatchObject([{ to: `nginx:1.20@${found.digest}`, change: 'patch', unpins: true }]);
  });
});

it('a difference of files with other lines is one block', () => {
  expect(describeDifference('f', 'a\nb\nc\nd', 'a\nx\nd')).toEqual(['f:2', '-b', '-c', '+x']);
});
