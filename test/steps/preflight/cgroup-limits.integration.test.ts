import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';

const IMAGE = 'local/debian:bookworm-slim';
const ROOT = join(import.meta.dirname, '../../..');

function hasImage(): boolean {
  try {
    execFileSync('docker', ['image', 'inspect', IMAGE], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!hasImage())('inside a real container with limits', () => {
  it('memory and processors are those of its control group', () => {
    const code = `const { localCapacity } = await import('/src/steps/preflight/capacity.ts'); console.log(JSON.stringify(await localCapacity()))`;
    const out = execFileSync(
      'docker',
      [
        'run',
        '--rm',
        '--memory',
        '512m',
        '--cpus',
        '0.5',
        '-v',
        `${join(ROOT, 'src')}:/src:ro`,
        '-v',
        `${join(ROOT, 'node_modules')}:/node_modules:ro`,
        '-v',
        `${dirname(process.execPath)}:/node:ro`,
        IMAGE,
        '/node/node',
        '--input-type=module',
        '-e',
        code,
      ],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
    );
    expect(JSON.parse(out)).toMatchObject({
      memoryBytes: 512 * 1024 * 1024,
      cpus: 0.5,
      where: 'the control group of this process',
      memoryHint: expect.stringContaining('limit'),
    });
  });
});
