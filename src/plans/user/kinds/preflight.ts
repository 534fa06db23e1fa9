import * as z from 'zod';
import { createPreflightBody } from '../../../steps/preflight/body.ts';
import { planChecks } from '../../../steps/preflight/plan-checks.ts';
import { resolveThresholds } from '../../../steps/preflight/profiles.ts';
import { commonFields, defineKind, type StepCommon } from './kind.ts';

const amount = z.number('must be a number').nonnegative('must not be negative');
const paths = z.array(z.string().min(1));
const COMMAND = /^([^\s<>=]+)(?:\s*>=\s*v?(\d+(?:\.\d+){0,2}))?$/;

const schema = z.strictObject({
  profile: z.string().optional().describe('named thresholds: default, or rtpi (50 GB of disk, 4 GB of memory)'),
  disk_gb: amount.optional().describe('free on the disk of the plan, in gigabytes of 10^9 bytes'),
  memory_gb: amount.optional().describe('memory in all, limits of control groups counted'),
  cpus: amount.optional().describe('processors, quotas counted'),
  disks: z.record(z.string(), amount).optional().describe('gigabytes free by path'),
  ports: z.array(z.int().min(1).max(65_535)).optional().describe('free on the loopback address'),
  commands: z
    .array(z.string().regex(COMMAND, 'must be a program such as git, or one with its version such as "node >= 20"'))
    .optional(),
  urls: z
    .array(z.url({ protocol: /^https?$/ }))
    .optional()
    .describe('whose servers must answer, all asked at once'),
  writable: paths.optional().describe('folders that can be written, or made'),
  docker: z.boolean().optional().describe('a Docker engine answers'),
  clock: z.boolean().optional().describe('the clock can be right'),
  user: z.enum(['root', 'not_root']).optional(),
  until: z.string().optional().describe('step behind which an error is but a warning'),
});

type Spec = z.output<typeof schema>;

/** `preflight`: looks at the machine before anything is changed, in every mode. */
export const preflight = defineKind({
  key: 'preflight',
  describe: 'looks at the machine before anything is changed; exit code 3 when something is missing',
  schema,
  step: (spec, common) => {
    const { profile, disk_gb: _disk, memory_gb: _memory, cpus: _cpus, commands = [], ...given } = spec;
    const needs = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
    const checks = planChecks(
      { ...needs, ...thresholdsOf(spec, profile, common), commands: commands.map(readCommand) },
      common.cwd,
    );
    if (checks.length === 0) throw common.wrong([], 'there is nothing to check', 'such as  preflight: { disk_gb: 10 }');
    // A patience of the user's own; one attempt, since nothing changes between two of them.
    const body = createPreflightBody(checks, { inputs: { checks: JSON.stringify(spec) } });
    return { ...commonFields(common), ...body, policy: { ...body.policy, ...common.policy } };
  },
});

function readCommand(text: string): { name: string; minVersion?: string } {
  const [, name = text, minVersion] = COMMAND.exec(text) ?? [];
  return minVersion === undefined ? { name } : { name, minVersion };
}

/** Those of the profile, each replaced by the plan's own; 0 switches one off. */
function thresholdsOf({ disk_gb, memory_gb, cpus }: Spec, profile: string | undefined, { wrong }: StepCommon) {
  const own = { diskGb: disk_gb, memoryGb: memory_gb, cpus };
  const all = { ...(profile === undefined ? {} : profileOf(profile, wrong)), ...dropUndefined(own) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 0));
}

function profileOf(profile: string, wrong: StepCommon['wrong']): Record<string, number> {
  try {
    return { ...resolveThresholds(profile, undefined, undefined, 'host') };
  } catch {
    throw wrong(['profile'], `there is no profile "${profile}"`, 'choose default or rtpi');
  }
}

function dropUndefined(record: Record<string, number | undefined>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(record).filter((entry): entry is [string, number] => entry[1] !== undefined),
  );
}
