import { InstallerError } from '../../errors/installer-error.ts';
import type { RetryPolicy } from '../../resilience/policy.ts';
import { commandStep, declaredInputs, hooksOf } from '../../steps/command.ts';
import { parseDuration } from '../../ui/duration.ts';
import { KINDS } from './kinds/all-kinds.ts';
import type { StepBody, StepCommon, StepKind } from './kinds/kind.ts';
import type { StepSpec } from './plan-schema.ts';

type Path = readonly (string | number)[];

/** Where a step stands. */
export interface StepPlace {
  /** Of the plan, absolute. */
  folder: string;
  /** Of the step inside the file. */
  path: Path;
  /** `file:line` of a path inside the file. */
  where(path: Path): string;
}

/**
 * Makes a step of what a plan says: a command (`run`), or what its kind makes of it.
 *
 * @throws InstallerError `config` naming file and line: no kind, two of them, or what a kind does not take
 */
export async function readStep(spec: StepSpec, place: StepPlace): Promise<StepBody> {
  const { id, run, files } = spec;
  const key = kindOf(spec, place);
  const common = commonOf(spec, key, place);
  const hooks = definedOnly({ check: spec.check, repair: spec.repair, rollback: spec.rollback });
  if (run !== undefined) {
    return commandStep({ ...common, run, ...hooks, ...(files === undefined ? {} : { files }) });
  }
  const kind = await KINDS[key]?.();
  if (kind === undefined) throw new Error(`no kind ${key}`);
  const body = kind.step(await readSettings(kind, (spec as Record<string, unknown>)[key], place), common);
  return {
    ...body,
    ...hooksOf(hooks, common),
    inputs: async () => ({ ...(await body.inputs?.()), ...declaredInputs(id, common, files) }),
  };
}

/** The one key of a step that says what it is. */
function kindOf(spec: StepSpec, { path, where }: StepPlace): string {
  const known = ['run', ...Object.keys(KINDS)];
  const found = known.filter((key) => (spec as Record<string, unknown>)[key] !== undefined);
  const [key, other] = found;
  if (key !== undefined && other === undefined) return key;
  const why = key === undefined ? 'says not what to do' : `has both ${found.join(' and ')}`;
  const place = key === undefined ? path : [...path, other ?? key];
  throw new InstallerError('config', `${where(place)}: ${path.join('.')}: the step "${spec.id}" ${why}`, {
    hint: `a step has exactly one of ${known.join(', ')}`,
  });
}

async function readSettings(kind: StepKind, value: unknown, { path, where }: StepPlace): Promise<unknown> {
  const { key, shorthand, schema } = kind;
  const short = shorthand !== undefined && typeof value === 'string';
  const parsed = schema.safeParse(short ? { [shorthand]: value } : value);
  if (parsed.success) return parsed.data;
  const { explainIssue } = await import('./explain-issue.ts');
  throw explainIssue(parsed.error, schema, [...path, key], where, key);
}

function commonOf(spec: StepSpec, key: string, { folder, path, where }: StepPlace): StepCommon {
  const { id, title, optional, env = {}, secrets = [] } = spec;
  return {
    id,
    title: title ?? id,
    cwd: folder,
    env,
    secrets,
    severity: optional === true ? 'optional' : 'critical',
    policy: policyOf(spec, (field) => `${where([...path, field])}: ${id}.${field}`),
    wrong: (keys, why, hint) => {
      const full = [...path, key, ...keys];
      const message = `${where(full)}: ${full.join('.')}: ${why}`;
      return new InstallerError('config', message, hint === undefined ? {} : { hint });
    },
  };
}

function policyOf(spec: StepSpec, where: (field: string) => string): Partial<RetryPolicy> {
  const { timeout, attempts, delay, max_delay: maxDelay, retry_on: retryOn } = spec;
  const ms = (value: string | number | undefined, field: string) =>
    value === undefined ? undefined : parseDuration(String(value), where(field));
  return definedOnly({
    timeoutMs: ms(timeout, 'timeout'),
    attempts,
    delayMs: ms(delay, 'delay'),
    maxDelayMs: ms(maxDelay, 'max_delay'),
    retryOn,
  });
}

function definedOnly<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
