import { describe, expect, it } from 'vitest';
import { type ClockReference, clockCheck, dockerClock } from '../../../../src/steps/preflight/checks/clock.ts';
import { runOne } from '../support.ts';
import { withDockerInfo } from '../support-docker.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const MINUTE = 60_000;
const now = () => NOW;
const ahead = (ms: number | undefined, name = 'another clock'): ClockReference => ({
  name,
  hint: 'set it',
  offsetMs: async () => ms,
});

describe('clock', () => {
  it('is shown when nothing speaks against it', async () => {
    expect(await runOne(clockCheck([ahead(undefined), ahead(20_000)]), { now })).toEqual({
      level: 'ok',
      message: '2026-03-01T12:00:00Z',
    });
  });

  it.each(['1970-01-01T00:10:00Z', '2016-11-02T00:00:00Z', '2150-01-01T00:00:00Z'])('cannot be %s', async (time) => {
    const found = await runOne(clockCheck(), { now: () => Date.parse(time) });
    expect(found).toMatchObject({ level: 'error', hint: expect.stringContaining('timedatectl') });
  });

  it('that went back since the last run is a warning; a few seconds are none', async () => {
    const recorded = (ms: number) => ({ status: 'completed' as const, verified: new Date(NOW + ms).toISOString() });
    const back = await runOne(clockCheck(), { now, recorded: recorded(3 * 60 * MINUTE) });
    expect(back).toMatchObject({
      level: 'warning',
      message: expect.stringContaining('3 h before the last recorded run'),
    });
    expect((await runOne(clockCheck(), { now, recorded: recorded(30_000) }))?.level).toBe('ok');
    expect((await runOne(clockCheck(), { now, recorded: { status: 'completed', verified: 'nonsense' } }))?.level).toBe(
      'ok',
    );
  });

  it('that differs from another is a warning, by a day an error; the worst is told', async () => {
    const found = await runOne(clockCheck([ahead(2 * MINUTE), ahead(-10 * MINUTE, 'the worst')]), { now });
    expect(found).toEqual({ level: 'warning', message: '10 min ahead of the worst', hint: 'set it' });
    const day = await runOne(clockCheck([ahead(3 * 24 * 60 * MINUTE)]), { now });
    expect(day).toMatchObject({ level: 'error', message: '3 days behind another clock' });
  });

  it('is compared with the Docker engine’s, which may stand still while a computer sleeps', async () => {
    const SystemTime = new Date(NOW - 90 * MINUTE).toISOString();
    const found = await runOne(clockCheck([dockerClock]), { now, env: await withDockerInfo({ SystemTime }) });
    expect(found).toMatchObject({ level: 'warning', message: '90 min ahead of the Docker engine' });
  });
});
