import * as z from 'zod';
import { InstallerError } from '../../errors/installer-error.ts';

/** What a machine must have. Sizes in gigabytes of 10^9 bytes. */
export interface Thresholds {
  diskGb: number;
  memoryGb: number;
  cpus: number;
}

interface Profile {
  summary: string;
  /** For a cluster in Docker. */
  kind: Thresholds;
  /** For local processes. */
  host: Thresholds;
}

const RTPI: Thresholds = { diskGb: 50, memoryGb: 4, cpus: 1 };

/**
 * Named sets of thresholds (`--preflight-profile`).
 *
 * default, kind: node image 1 GB, the five components' images 2 GB in Docker and again in the node, their data within
 * the volumes' requests 3 GB: 10 GB with some room. A control plane takes 1 GB and the components another 2 GB. Two
 * processors, because the requests of a control plane alone take up nearly one.
 * default, host: two servers with little data.
 * rtpi: what the RTPI-PEN framework asks of a machine.
 */
const PROFILES: Readonly<Record<string, Profile>> = {
  default: {
    summary: 'what this stack needs',
    kind: { diskGb: 10, memoryGb: 4, cpus: 2 },
    host: { diskGb: 2, memoryGb: 1, cpus: 1 },
  },
  rtpi: { summary: 'what the RTPI-PEN framework asks for', kind: RTPI, host: RTPI },
};

const amount = z.number('must be a number').nonnegative('must not be negative');

/** The section `preflight` of a --config file: each key replaces that threshold of the profile; 0 switches it off. */
export const preflightConfigSchema = z
  .strictObject({
    disk_gb: amount.describe('free disk space, in gigabytes of 10^9 bytes').optional(),
    memory_gb: amount.describe('memory in all, in gigabytes of 10^9 bytes').optional(),
    cpus: amount.describe('processors, quotas counted').optional(),
  })
  .describe('thresholds of the preflight checks');

/**
 * Reads the section `preflight` of a config file.
 *
 * @param section as parsed from YAML; undefined when the file has none
 * @param file path, for the message
 * @throws InstallerError `config` naming the file and every key that is wrong
 */
export function parsePreflightConfig(section: unknown, file: string): Partial<Thresholds> {
  const parsed = preflightConfigSchema.safeParse(section ?? {});
  if (!parsed.success) {
    const lines = parsed.error.issues.map((issue) => {
      const keys = issue.code === 'unrecognized_keys' ? issue.keys : issue.path.map(String);
      const why = issue.code === 'unrecognized_keys' ? 'is not known' : issue.message;
      return `preflight${keys.map((key) => `.${key}`).join(', preflight')} ${why}`;
    });
    throw new InstallerError('config', `${file}: ${lines.join('; ')}`, {
      hint: `known keys: ${Object.keys(preflightConfigSchema.shape).join(', ')}, each a number that is not negative`,
    });
  }
  const { disk_gb: diskGb, memory_gb: memoryGb, cpus } = parsed.data;
  return {
    ...(diskGb === undefined ? {} : { diskGb }),
    ...(memoryGb === undefined ? {} : { memoryGb }),
    ...(cpus === undefined ? {} : { cpus }),
  };
}

/**
 * The thresholds of a run: those of the profile, replaced one by one by the config file's.
 *
 * @param profile value of `--preflight-profile`; undefined: `default`
 * @param section of the config file, see {@link parsePreflightConfig}
 * @param file its path
 * @throws InstallerError `usage` listing the profiles there are; `config` for a bad section
 */
export function resolveThresholds(
  profile: string | undefined,
  section: unknown,
  file: string | undefined,
  provider: 'kind' | 'host',
): Thresholds {
  const name = profile ?? 'default';
  const found = Object.hasOwn(PROFILES, name) ? PROFILES[name] : undefined;
  if (found === undefined) {
    throw new InstallerError('usage', `--preflight-profile: there is no profile "${name}"`, {
      lines: Object.entries(PROFILES).map(([known, { summary }]) => `${known}  ${summary}`),
      hint: `choose one of ${Object.keys(PROFILES).join(', ')}; single thresholds are set by preflight.* in --config`,
    });
  }
  return { ...found[provider], ...parsePreflightConfig(section, file ?? '--config') };
}
