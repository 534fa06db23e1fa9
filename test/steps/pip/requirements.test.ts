import { describe, expect, it } from 'vitest';
import { parseRequirements } from '../../../src/steps/pip/requirements.ts';

describe('a requirements file', () => {
  it('is verified only when every requirement has a hash', () => {
    const text =
      '# why\n--index-url https://pypi.org/simple\na==1.0 \\\n  --hash=sha256:aa \\\n  --hash=sha256:bb\nb==2 --hash=sha256:cc # old\n';
    expect(parseRequirements(text)).toEqual({ wanted: ['a==1.0', 'b==2'], hashed: true });
    expect(parseRequirements(`${text}c>=1\n`)).toEqual({ wanted: ['a==1.0', 'b==2', 'c>=1'], hashed: false });
  });

  it('may ask for what only pip understands', () => {
    expect(parseRequirements('-r other.txt\n-e .\nx @ https://example.org/x.whl\n')).toEqual({
      wanted: ['-r other.txt', '-e .', 'x @ https://example.org/x.whl'],
      hashed: false,
    });
  });
});
