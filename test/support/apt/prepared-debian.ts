import { spawnSync } from 'node:child_process';
import { IMAGE, missingDebian } from './debian.ts';

const TAG = 'contextcore-test/debian:sudo-python-1';
const RECIPE = `FROM ${IMAGE}
RUN apt-get update -qq \\
 && apt-get install -y -qq --no-install-recommends sudo python3-pip python3-venv >/dev/null \\
 && rm -rf /var/lib/apt/lists/*
`;
const LIMIT_MS = 170_000;

/**
 * Makes an image of Debian with sudo, and with its own Python that has pip, once for all tests.
 *
 * @returns its name, or why it cannot be had
 */
export function prepareDebian(): { image: string; missing?: string } {
  const missing = missingDebian();
  if (missing !== undefined) return { image: TAG, missing };
  if (spawnSync('docker', ['image', 'inspect', TAG], { stdio: 'ignore' }).status === 0) return { image: TAG };
  const { status } = spawnSync('docker', ['build', '--network', 'host', '--quiet', '--tag', TAG, '-'], {
    input: RECIPE,
    stdio: ['pipe', 'ignore', 'ignore'],
    timeout: LIMIT_MS,
  });
  return status === 0 ? { image: TAG } : { image: TAG, missing: 'sudo and Python for Debian cannot be had' };
}
