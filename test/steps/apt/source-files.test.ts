import { describe, expect, it } from 'vitest';
import { listUris, mapUris, trustsBlindly } from '../../../src/steps/apt/source-files.ts';
import { describeMirror } from '../../../src/steps/apt/sources.ts';

const LIST = {
  name: 'sources.list',
  text: `# deb http://old.example.org/debian bookworm main
deb [signed-by=/usr/share/keyrings/a.gpg arch=amd64] http://deb.example.org/debian bookworm main contrib
deb http://deb.example.org/debian/ bookworm-updates main
deb-src http://deb.example.org/debian bookworm main
deb http://deb.example.org/security bookworm-security main
deb cdrom:[Debian GNU/Linux]/ bookworm main
`,
};
const STANZAS = {
  name: 'vendor.sources',
  text: `# the vendor's
Types: deb deb-src
URIs: https://vendor.example.org/apt
  https://second.example.org/apt
Suites: stable
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 AAAA
 -----END PGP PUBLIC KEY BLOCK-----

Types: deb
Enabled: no
URIs: https://off.example.org/apt
Suites: ./
`,
};

describe("apt's sources", () => {
  it('are the addresses of packages that are turned on', () => {
    expect(listUris(LIST)).toEqual([
      'http://deb.example.org/debian',
      'http://deb.example.org/debian/',
      'http://deb.example.org/security',
    ]);
    expect(listUris(STANZAS)).toEqual(['https://vendor.example.org/apt', 'https://second.example.org/apt']);
  });

  it('keep keys, suites and components when an address is changed', () => {
    const list = mapUris(LIST, (uri) => (uri.includes('security') ? undefined : 'http://mirror/debian'));
    expect(
      list.text,
    ).toBe(`deb [signed-by=/usr/share/keyrings/a.gpg arch=amd64] http://mirror/debian bookworm main contrib
deb http://mirror/debian bookworm-updates main
`);
    const stanzas = mapUris(STANZAS, (uri) => (uri.includes('second') ? undefined : uri));
    expect(stanzas.text).toContain('Types: deb\nURIs: https://vendor.example.org/apt\nSuites: stable\n');
    expect(stanzas.text).toContain('Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n AAAA\n');
    expect(stanzas.text).not.toContain('off.example.org');
  });

  it('tell whether unsigned packages would be taken', () => {
    expect([LIST, STANZAS].map(trustsBlindly)).toEqual([false, false]);
    expect(trustsBlindly({ name: 'a.list', text: 'deb [arch=all trusted=yes] http://a ./' })).toBe(true);
    expect(trustsBlindly({ name: 'a.list', text: '# deb [trusted=yes] http://a ./' })).toBe(false);
    expect(trustsBlindly({ name: 'a.sources', text: 'Types: deb\nTrusted: yes\n' })).toBe(true);
  });
});

describe('a mirror', () => {
  it('stands for the first archive; others stay, but those of the host that is down', () => {
    const { files } = describeMirror('http://mirror.example.net/debian', [LIST, STANZAS]);
    expect(files.flatMap(listUris)).toEqual([
      'http://mirror.example.net/debian',
      'http://mirror.example.net/debian',
      'https://vendor.example.org/apt',
      'https://second.example.org/apt',
    ]);
  });

  it('may be a whole line, which is all there is then', () => {
    const line = 'deb [signed-by=/k.gpg] http://mirror.example.net/debian bookworm main';
    expect(describeMirror(line, [LIST])).toEqual({
      uri: 'http://mirror.example.net/debian',
      files: [{ name: 'mirror.list', text: `${line}\n` }],
    });
  });

  it('is refused when it is no address, or there is nothing that it could stand for', () => {
    expect(() => describeMirror('mirror.example.net', [LIST])).toThrow('it is no address');
    expect(() => describeMirror('http://mirror.example.net', [])).toThrow('no sources that it could stand for');
  });
});
