import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { InstallerError } from '../../../src/errors/installer-error.ts';
import {
  parsePreflightConfig,
  preflightConfigSchema,
  resolveThresholds,
} from '../../../src/steps/preflight/profiles.ts';

function errorOf(call: () => unknown): InstallerError {
  try {
    call();
  } catch (thrown) {
    return thrown as InstallerError;
  }
  throw new Error('should have failed');
}

describe('thresholds', () => {
  it('are those of the profile, by provider, replaced one by one by the config file', () => {
    const of = (profile: string | undefined, provider: 'kind' | 'host', section?: unknown) =>
      resolveThresholds(profile, section, 'my.yaml', provider);
    expect(of(undefined, 'kind')).toEqual({ diskGb: 10, memoryGb: 4, cpus: 2 });
    expect(of('default', 'kind')).toEqual(of(undefined, 'kind'));
    expect(of('rtpi', 'kind')).toMatchObject({ diskGb: 50, memoryGb: 4 });
    expect(of('rtpi', 'host')).toMatchObject({ diskGb: 50, memoryGb: 4 });
    expect(of(undefined, 'host').diskGb).toBeLessThan(10);
    expect(of(undefined, 'kind', { disk_gb: 20, cpus: 0.5 })).toEqual({ diskGb: 20, memoryGb: 4, cpus: 0.5 });
    expect(() => of(undefined, 'kind', { disk_gb: 'x' })).toThrow('my.yaml: preflight.disk_gb');
  });

  it.each(['nope', '', 'toString', '__proto__'])('of a profile "%s" are wrong usage, with the list', (name) => {
    const error = errorOf(() => resolveThresholds(name, undefined, undefined, 'kind'));
    expect(error.exitCode).toBe(2);
    expect(error.message).toContain('--preflight-profile');
    expect(error.details.hint).toContain('default, rtpi');
  });

  it('in a file may be missing', () => expect(parsePreflightConfig(undefined, 'my.yaml')).toEqual({}));

  it.each<[string, unknown, string]>([
    ['a text', { disk_gb: '20' }, 'my.yaml: preflight.disk_gb must be a number'],
    ['less than nothing', { memory_gb: -1 }, 'my.yaml: preflight.memory_gb must not be negative'],
    ['endless', { cpus: Number.POSITIVE_INFINITY }, 'my.yaml: preflight.cpus must be a number'],
    ['unknown keys', { disk: 1, ram: 2 }, 'my.yaml: preflight.disk, preflight.ram is not known'],
    [
      'two faults',
      { disk_gb: null, cpus: [] },
      'my.yaml: preflight.disk_gb must be a number; preflight.cpus must be a number',
    ],
    ['not a mapping', [1], 'my.yaml: preflight'],
    ['a word', 'rtpi', 'my.yaml: preflight'],
  ])('that are %s are refused, naming file and key', (_name, section, message) => {
    const error = errorOf(() => parsePreflightConfig(section, 'my.yaml'));
    expect(error.code).toBe('config');
    expect(error.message.startsWith(message)).toBe(true);
    expect(error.details.hint).toContain('disk_gb, memory_gb, cpus');
  });

  it('have a published schema that says the same', async () => {
    const path = join(import.meta.dirname, '../../../schemas/preflight.schema.json');
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual(z.toJSONSchema(preflightConfigSchema));
  });
});
