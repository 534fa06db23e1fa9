import { digestOf } from '../../engine/fingerprint.ts';
import type { Outputs } from '../../engine/record.ts';
import type { Step, StepContext } from '../../engine/step.ts';
import { classifyStatus } from '../../errors/classify-error.ts';
import type { ErrorClass } from '../../errors/error-class.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { RetryPolicy } from '../../resilience/policy.ts';
import { printableUrl } from '../../resilience/printable-url.ts';
import { readRetryAfter } from '../../resilience/retry-after.ts';
import { targetOf } from '../../resilience/target.ts';
import { type Expected, mismatchOf, valueAt } from './expect-answer.ts';
import { type HttpAnswer, sendOnce } from './send-once.ts';

export interface HttpStepSpec {
  method: string;
  url: string;
  /** `${NAME}` in a value is the secret of that name. */
  headers: Readonly<Record<string, string>>;
  /** Likewise. */
  body?: string;
  expected: Expected;
  /** Outputs by name, each from a path in the answer (see `valueAt`). */
  save: Readonly<Record<string, string>>;
  policy: Partial<RetryPolicy>;
}

/** Asked twice, a server does these once (RFC 9110, section 9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);
/** After these the request has surely not been carried out. */
const NOT_DONE: readonly ErrorClass[] = ['rate_limited', 'dns'];
const LONGEST_OUTPUT = 4_096;

/** Body of a step that is one HTTP request, and what its answer must be. */
export function httpBody(spec: HttpStepSpec): Pick<Step, 'inputs' | 'apply'> {
  const { method, url, headers, body, expected, save, policy } = spec;
  return {
    inputs: () => ({
      request: `${method} ${url}`,
      expected: JSON.stringify(expected),
      // As written: the names of secrets, not their values.
      content: digestOf(JSON.stringify([headers, body, save]), 12),
    }),
    apply: async (ctx) => {
      const answer = await ctx.guard.call(
        targetOf('http', url),
        async (attempt) => {
          const told = new URL(url);
          const request = { method, url: `${told.origin}${told.pathname}` };
          const received = await sendOnce({
            method,
            url,
            headers: mapValues(headers, (value) => withSecrets(value, ctx)),
            ...(body === undefined ? {} : { body: withSecrets(body, ctx) }),
            env: ctx.env,
            signal: attempt.signal,
          }).catch((thrown: unknown) => {
            attempt.tell(request);
            throw thrown;
          });
          attempt.tell({ ...request, status: received.status });
          refuseUnexpected(spec, received, ctx.clock.now());
          return received;
        },
        {
          policy: {
            ...(IDEMPOTENT.has(method) || policy.attempts !== undefined ? {} : { retryOn: NOT_DONE }),
            ...policy,
          },
        },
      );
      ctx.log(`${method} ${printableUrl(url)}: ${answer.status}`);
      return outputsOf(answer, save);
    },
  };
}

/** Names of the secrets that a text asks for. */
export function secretsIn(text: string): readonly string[] {
  return [...text.matchAll(SECRET)].map(([, name = '']) => name);
}

const SECRET = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

function withSecrets(text: string, ctx: StepContext): string {
  return text.replace(SECRET, (_all, name: string) => ctx.secret(name));
}

function refuseUnexpected({ method, url, expected }: HttpStepSpec, answer: HttpAnswer, now: number): void {
  const why = mismatchOf(answer, expected);
  if (why === undefined) return;
  const errorClass = classifyStatus(answer.status);
  const after = answer.headers['retry-after'];
  const retryAfterMs = readRetryAfter(typeof after === 'string' ? after : undefined, now);
  throw new InstallerError('step_failed', `${method} ${printableUrl(url)}: ${why}`, {
    class: errorClass,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(errorClass === 'unknown' ? { hint: 'to wait until it answers so, use the kind wait' } : {}),
  });
}

function outputsOf(answer: HttpAnswer, save: HttpStepSpec['save']): Outputs {
  const outputs: Outputs = { status: answer.status };
  for (const [name, path] of Object.entries(save)) {
    const value = valueAt(answer.body, path);
    if (value === undefined) {
      throw new InstallerError('step_failed', `${answer.url} answered without ${path}, which is to be kept as ${name}`);
    }
    const plain = typeof value === 'number' || typeof value === 'boolean';
    outputs[name] = plain
      ? value
      : (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, LONGEST_OUTPUT);
  }
  return outputs;
}

function mapValues(record: Readonly<Record<string, string>>, map: (value: string) => string): Record<string, string> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
