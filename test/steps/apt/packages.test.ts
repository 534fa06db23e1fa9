import { describe, expect, it } from 'vitest';
import { findMissing, findNew, findRemoved, keepInstalled, parseWish } from '../../../src/steps/apt/packages.ts';

/** dpkg-query that answers the same to every question. */
const answer = (stdout: string) => ({ query: async () => ({ exitCode: 0, stdout, stderr: '' }) });

describe('what is wished for', () => {
  it('is a name, with an architecture, a version or a suite', () => {
    expect(parseWish('g++')).toEqual({ name: 'g++', query: 'g++' });
    expect(parseWish('libc6:i386')).toEqual({ name: 'libc6', query: 'libc6:i386' });
    expect(parseWish('git=1:2.39.5-0+deb12u2')).toEqual({ name: 'git', query: 'git', version: '1:2.39.5-0+deb12u2' });
    expect(parseWish('git/bookworm-backports')).toEqual({ name: 'git', query: 'git' });
  });

  it.each(['-y', '--force-yes', 'git-', 'Git', '', 'a b', '$(reboot)', '../a.deb'])('is not %j', (text) => {
    expect(() => parseWish(text)).toThrow(`"${text}" is no package`);
  });

  it('is missing unless it is installed, in the version that is wanted', async () => {
    const table = `git git installed 1:2.39
libc6:amd64 libc6 installed 2.36
libc6:i386 libc6 config-files 2.36
half half half-configured 1.0
`;
    const missing = (...texts: string[]) => findMissing(answer(table), texts.map(parseWish));
    expect(await missing('git', 'libc6', 'git=1:2.39', 'libc6:amd64')).toEqual([]);
    expect(await missing('libc6:i386')).toEqual(['libc6:i386 is config-files']);
    expect(await missing('half', 'other', 'git=1:2.40')).toEqual([
      'half is half-configured',
      'other is not installed',
      'git is 1:2.39, not 1:2.40',
    ]);
  });

  it('is remembered as ours only while it is installed', async () => {
    expect(
      await keepInstalled(answer('a installed\nb config-files\nc installed\n'), ['a', 'b', 'c:i386', 'd']),
    ).toEqual(['a', 'c:i386']);
  });
});

describe('a simulated apt-get', () => {
  const SIMULATED = `Reading package lists...
Remv exim4 [4.96]
Inst fine (1.0 stable [all])
Inst libc6 [2.36-1] (2.36-2 stable [amd64])
Inst zlib1g:i386 (1.2 stable [i386])
Conf fine (1.0 stable [all])
`;
  it('tells new packages from upgrades, and what would be removed', () => {
    expect(findNew(SIMULATED)).toEqual(['fine', 'zlib1g:i386']);
    expect(findRemoved(SIMULATED)).toEqual(['exim4']);
  });
});
