import { basename, dirname, extname, resolve } from 'node:path';
import { z } from 'zod';
import { DEFAULT_CLUSTER, type Plan } from '../../engine/plan.ts';
import { type ErrorClass, TRANSIENT_CLASSES } from '../../errors/error-class.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { commandStep } from '../../steps/command.ts';
import { readYamlFile } from '../../system/yaml-file.ts';
import { parseDuration } from '../../ui/duration.ts';
import { linkSteps } from './link-steps.ts';

const words = z.union([z.string().min(1), z.array(z.string()).min(1)]);
const duration = z.union([z.string(), z.number()]);

const stepSchema = z.strictObject({
  id: z.string(),
  title: z.string().optional(),
  run: words.describe('a shell command, or the words of one'),
  check: words.optional().describe('exits 0 when there is nothing to do'),
  repair: words.optional(),
  rollback: words.optional(),
  needs: z.array(z.string()).optional(),
  optional: z.boolean().optional(),
  timeout: duration.optional(),
  attempts: z.int().min(1).max(100).optional(),
  delay: duration.optional(),
  max_delay: duration.optional(),
  env: z.record(z.string(), z.coerce.string()).optional(),
  secrets: z.array(z.string()).optional(),
  files: z.array(z.string()).optional().describe('their contents are inputs of the step'),
});

const planSchema = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a DNS label')
    .optional(),
  cluster: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a DNS label')
    .optional(),
  concurrency: z.int().min(1).max(256).optional(),
  steps: z.array(stepSchema).min(1),
});

type StepSpec = z.infer<typeof stepSchema>;

export interface LoadedPlan {
  plan: Plan;
  /** Absolute path: two plans of one name must not share a state. */
  path: string;
  concurrency?: number;
  /** Secrets that its steps declare. */
  secrets: readonly string[];
}

/**
 * Reads a plan from a YAML file. A step without `needs` needs the one before it; `needs: []` makes it independent.
 *
 * @param cluster from `--cluster`; wins over the file's own
 * @throws InstallerError `config` naming the file, the line and what it takes
 */
export function loadPlanFile(path: string, cluster: string | undefined): LoadedPlan {
  const file = readYamlFile(path, 'plan');
  const parsed = planSchema.safeParse(file.content);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const keys = (issue?.path ?? []).map((key) => (typeof key === 'symbol' ? String(key) : key));
    throw new InstallerError('config', `${file.where(keys)}: ${keys.join('.') || 'plan'}: ${issue?.message}`);
  }
  const { data } = parsed;
  const folder = dirname(resolve(path));
  const steps = linkSteps(
    data.steps.map((spec, index) => ({
      step: toStep(spec, folder, path),
      needs: spec.needs ?? data.steps.slice(Math.max(0, index - 1), index).map((before) => before.id),
    })),
    path,
  );
  const name =
    data.name ??
    basename(path, extname(path))
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '');
  return {
    plan: { name, cluster: cluster ?? data.cluster ?? DEFAULT_CLUSTER, steps },
    path: resolve(path),
    secrets: [...new Set(data.steps.flatMap((spec) => spec.secrets ?? []))],
    ...(data.concurrency === undefined ? {} : { concurrency: data.concurrency }),
  };
}

function toStep(spec: StepSpec, folder: string, path: string) {
  const {
    id,
    title,
    run,
    check,
    repair,
    rollback,
    optional,
    timeout,
    attempts,
    delay,
    max_delay,
    env,
    secrets,
    files,
  } = spec;
  const ms = (value: string | number, key: string) => parseDuration(String(value), `${path}: ${id}.${key}`);
  return commandStep({
    id,
    title: title ?? id,
    run,
    cwd: folder,
    ...(check === undefined ? {} : { check }),
    ...(repair === undefined ? {} : { repair }),
    ...(rollback === undefined ? {} : { rollback }),
    ...(env === undefined ? {} : { env }),
    ...(secrets === undefined ? {} : { secrets }),
    ...(files === undefined ? {} : { files }),
    severity: optional === true ? 'optional' : 'critical',
    policy: {
      ...(timeout === undefined ? {} : { timeoutMs: ms(timeout, 'timeout') }),
      // Whoever asks for attempts of a command wants them whatever its failure looks like.
      ...(attempts === undefined ? {} : { attempts, retryOn: RETRY_ANY }),
      ...(delay === undefined ? {} : { delayMs: ms(delay, 'delay') }),
      ...(max_delay === undefined ? {} : { maxDelayMs: ms(max_delay, 'max_delay') }),
    },
  });
}

const RETRY_ANY: readonly ErrorClass[] = [...TRANSIENT_CLASSES, 'broken_state', 'unknown'];
