import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formsOf } from '../../src/engine/secret-forms.ts';
import { createSecrets } from '../../src/engine/secrets.ts';

const SECRET = 'p@ss/w+rd "q"é!';
const KEY = '-----BEGIN KEY-----\n  MIIabc123def\n  ZZtopZZtop99\n-----END KEY-----';

const pass = (secrets: ReturnType<typeof createSecrets>, chunks: readonly Buffer[]): string => {
  const mask = secrets.stream();
  return Buffer.concat([...chunks.map((chunk) => mask.push(chunk)), mask.end()]).toString();
};

describe('secrets', () => {
  it.each([
    ['as it is', SECRET],
    ['base64', Buffer.from(SECRET).toString('base64')],
    ['base64 without padding', Buffer.from(SECRET).toString('base64').replace(/=+$/, '')],
    ['base64 for URLs', Buffer.from(SECRET).toString('base64url')],
    ['percent-encoded', encodeURIComponent(SECRET)],
    ['percent-encoded with lower-case digits', encodeURIComponent(SECRET).replace(/%../g, (c) => c.toLowerCase())],
    ['as a form field', new URLSearchParams({ a: SECRET }).toString().slice(2)],
    ['percent-encoded but for slashes', encodeURIComponent(SECRET).replaceAll('%2F', '/')],
    ['inside JSON', JSON.stringify(SECRET).slice(1, -1)],
  ])('hides a secret %s', (_, form) => {
    const secrets = createSecrets({ TOKEN: SECRET });
    expect(secrets.mask(`before ${form} after ${form}`)).toBe('before *** after ***');
    expect(pass(secrets, [Buffer.from(`before ${form} after`)])).toBe('before *** after');
    expect(secrets.isIn(['harmless', `x=${form}`])).toBe(true);
  });

  it.each(['u:', 'me:', 'you:'])('hides it in the base64 of a longer text, %s...', (user) => {
    const secrets = createSecrets({ TOKEN: SECRET });
    for (const rest of ['', '\n', '--', 'tail']) {
      const header = Buffer.from(`${user}${SECRET}${rest}`).toString('base64');
      const masked = secrets.mask(`Authorization: Basic ${header}`);
      // No more than the bits beside the secret's first and last byte may be seen.
      expect(masked).toMatch(/^Authorization: Basic .{0,7}\*\*\*.{0,8}$/);
      const parts = masked.replace('Authorization: Basic ', '').split('***');
      expect(parts.some((part) => part.length > 8)).toBe(false);
    }
  });

  it('hides base64 that is broken into lines', () => {
    const long = 'abcdefghijklmnop0123456789'.repeat(6);
    for (const width of [64, 76]) {
      const broken = (
        Buffer.from(long)
          .toString('base64')
          .match(new RegExp(`.{1,${width}}`, 'g')) ?? []
      ).join('\n');
      expect(createSecrets({ KEY: long }).mask(broken)).toMatch(/^(\*\*\*\n?)+$/);
    }
  });

  it('hides every line of a secret of several lines, whatever their indentation', () => {
    const secrets = createSecrets({ KEY });
    expect(secrets.mask('key: |\n    MIIabc123def\n    ZZtopZZtop99')).toBe('key: |\n    ***\n    ***');
    expect(secrets.mask(JSON.stringify({ key: KEY }))).toBe('{"key":"***"}');
  });

  it('joins secrets that overlap or adjoin', () => {
    const secrets = createSecrets({ A: 'abcdef', B: 'defghi', C: 'ghij' });
    expect(secrets.mask('xabcdefghijx')).toBe('x***x');
    expect(secrets.mask('abcdefabcdef')).toBe('***');
    for (let cut = 0; cut < 12; cut += 1) {
      const text = Buffer.from('xabcdefghijx');
      expect(pass(secrets, [text.subarray(0, cut), text.subarray(cut)])).toBe('x***x');
    }
  });

  it('leaves alone what is too short to be a secret, and knows no inherited names', () => {
    const secrets = createSecrets({ SHORT: 'abc', EMPTY: '' });
    expect(secrets.mask('abcabc')).toBe('abcabc');
    expect(secrets.names).toEqual(['SHORT', 'EMPTY']);
    expect(secrets.value('SHORT')).toBe('abc');
    expect(secrets.value('toString')).toBeUndefined();
    expect(secrets.isIn(['abc', ''])).toBe(false);
  });

  it('hides anonymous values, which have no name', () => {
    const secrets = createSecrets({}, ['hunter22']);
    expect(secrets.names).toEqual([]);
    expect(secrets.mask('postgres://me:hunter22@db')).toBe('postgres://me:***@db');
  });

  it('takes values that cannot be encoded', () => {
    const secrets = createSecrets({ ODD: 'ab\ud800cd' });
    expect(secrets.mask('printed: ab\ufffdcd')).toBe('printed: ***');
  });
});

describe('secrets in any text, in any chunks', () => {
  const alphabet = fc.constantFrom('a', 'b', 'c', 'A', '=', '/', '+', '%', '"', '\n', ' ', 'é', '€', '\u0000');
  const value = fc.string({ unit: alphabet, minLength: 4, maxLength: 12 });
  const noise = fc.string({ unit: alphabet, maxLength: 20 });

  const scene = fc.record({
    values: fc.array(value, { minLength: 1, maxLength: 3 }),
    parts: fc.array(fc.tuple(noise, fc.nat(), fc.nat()), { maxLength: 6 }),
    cuts: fc.array(fc.nat(400), { maxLength: 20 }),
  });

  it('no form survives, and everything else is unchanged', () => {
    fc.assert(
      fc.property(scene, ({ values, parts, cuts }) => {
        const secrets = createSecrets(Object.fromEntries(values.map((secret, index) => [`S${index}`, secret])));
        const text = parts
          .map(([before, which, form]) => {
            const forms = formsOf(values[which % values.length] ?? '');
            return before + (forms[form % Math.max(1, forms.length)] ?? '');
          })
          .join('');
        const whole = secrets.mask(text);
        // A beginning at the very end is another matter: see below.
        const bytes = Buffer.from(`${text}\u0001`);
        const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end));
        // The chunks make no difference, and a stream no other than a text.
        expect(pass(secrets, chunks)).toBe(`${whole}\u0001`);
        // Outside of the masks nothing is left of any secret, and the rest stands there in order.
        const rests = whole.split('***');
        const forms = values.flatMap(formsOf);
        expect(rests.filter((rest) => forms.some((form) => rest.includes(form)))).toEqual([]);
        let from = 0;
        for (const rest of rests) {
          const found = text.indexOf(rest, from);
          if (found < from) expect.fail(`${JSON.stringify(rest)} is not in the text`);
          from = found + rest.length;
        }
        if (rests.length === 1) expect(whole).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });

  it('a secret that breaks off in the middle is hidden as far as it went', () => {
    fc.assert(
      fc.property(value, noise, fc.nat(20), fc.nat(40), (secret, before, length, cut) => {
        const secrets = createSecrets({ S: secret });
        const begun = secret.slice(0, Math.max(4, length));
        const text = Buffer.from(`${before}${begun}`);
        const at = cut % (text.length + 1);
        const out = pass(secrets, [text.subarray(0, at), text.subarray(at)]);
        expect(out.endsWith('***')).toBe(true);
        expect(Buffer.from(out.slice(0, -3)).length).toBeLessThanOrEqual(Buffer.from(before).length);
      }),
    );
    const secrets = createSecrets({ S: SECRET });
    expect(pass(secrets, [Buffer.from(`x ${SECRET.slice(0, 9)}`)])).toBe('x ***');
    expect(pass(secrets, [Buffer.from(`x ${SECRET.slice(0, 3)}`)])).toBe(`x ${SECRET.slice(0, 3)}`);
    expect(pass(secrets, [Buffer.from(`${SECRET}${SECRET.slice(0, 9)}`)])).toBe('***');
  });

  it('what has been written at any moment holds no secret, not even the beginning of one that comes to its end', () => {
    fc.assert(
      fc.property(value, noise, noise, (secret, before, after) => {
        const secrets = createSecrets({ S: secret });
        const text = Buffer.from(before + secret + after);
        const whole = secrets.mask(before + secret + after);
        const mask = secrets.stream();
        let written = Buffer.alloc(0);
        for (const byte of text) {
          written = Buffer.concat([written, mask.push(Buffer.from([byte]))]);
          // A kill here leaves a beginning of the masked text on the disk, and nothing else.
          if (!Buffer.from(whole).subarray(0, written.length).equals(written)) expect.fail(`wrote ${written}`);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('holds back less than the longest form', () => {
    const secret = 'x'.repeat(100);
    const longest = Math.max(...formsOf(secret).map((form) => form.length));
    const mask = createSecrets({ S: secret }).stream();
    let [given, out] = [0, 0];
    for (let round = 0; round < 1000; round += 1) {
      given += 37;
      out += mask.push(Buffer.from('abcdefghij'.repeat(4).slice(0, 37))).length;
      expect(given - out).toBeLessThan(longest);
    }
  });
});
