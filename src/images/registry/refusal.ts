import { classifyStatus } from '../../errors/classify-error.ts';
import type { ErrorClass } from '../../errors/error-class.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { readRetryAfter } from '../../resilience/retry-after.ts';
import type { HttpResponse } from './connections.ts';

const HINTS: Partial<Record<ErrorClass, string>> = {
  rate_limited: 'the registry asks for patience: log in (docker login), take a mirror, or try again later',
  server_error: 'wait until the registry is well again, or take a mirror',
  unauthorized: 'the repository does not exist, or needs a login: docker login',
  not_found: 'check the name and the tag',
};

/**
 * The error for an answer that is not a success.
 *
 * @param what was asked, as the subject of the sentence
 * @param body of the answer, whose own words are added when it has any
 */
export function refusal(what: string, { statusCode, headers }: HttpResponse, body = ''): InstallerError {
  const errorClass = classifyStatus(statusCode);
  const wait = readRetryAfter(headers['retry-after'], Date.now());
  const hint = HINTS[errorClass];
  return new InstallerError('step_failed', `${what}: ${describe(statusCode, body)}`, {
    class: errorClass,
    ...(hint === undefined ? {} : { hint }),
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
  });
}

const STATUS: Readonly<Record<number, string>> = {
  401: 'not allowed without a login',
  403: 'not allowed',
  404: 'not found',
  429: 'too many requests',
};

function describe(status: number, body: string): string {
  const said = errorOf(body);
  return `${STATUS[status] ?? 'the registry fails'} (${status}${said === undefined ? '' : `, ${said}`})`;
}

/** The first error's code and message (https://github.com/opencontainers/distribution-spec, "Error Codes"). */
function errorOf(body: string): string | undefined {
  try {
    const { errors } = JSON.parse(body) as { errors?: { code?: unknown; message?: unknown }[] };
    const [first] = errors ?? [];
    const words = [first?.code, first?.message].filter((word) => typeof word === 'string' && word !== '');
    return words.length === 0 ? undefined : words.join(': ').slice(0, 200);
  } catch {
    return undefined;
  }
}
