import type { StepContext } from '../../engine/step.ts';
import { waitUntil } from '../../resilience/wait-until.ts';
import { askHttp, describeAnswer, type HttpAnswer, isSuccess } from './http-answer.ts';

/** A health address of a service. */
export interface Endpoint {
  /** As the user knows it, such as `grafana`. */
  name: string;
  url: string;
  /** Default: any 2xx. */
  isHealthy?: (answer: HttpAnswer) => boolean;
}

export interface EndpointResult {
  endpoint: Endpoint;
  healthy: boolean;
  /** The last answer, in a few words. */
  answer: string;
}

/** Asks each endpoint once, all at the same time. @throws the signal's reason when aborted */
export async function probeEndpoints(
  endpoints: readonly Endpoint[],
  signal: AbortSignal,
): Promise<readonly EndpointResult[]> {
  return await Promise.all(endpoints.map((endpoint) => probe(endpoint, signal)));
}

/**
 * Asks each endpoint until it is healthy, all at the same time, with progress per endpoint.
 *
 * @returns the last result of each; those still unhealthy at the deadline among them
 * @throws the signal's reason when aborted
 */
export async function awaitEndpoints(
  ctx: Pick<StepContext, 'clock' | 'signal' | 'progress'>,
  endpoints: readonly Endpoint[],
  timeoutMs: number,
): Promise<readonly EndpointResult[]> {
  const { clock, signal } = ctx;
  const total = endpoints.length;
  let done = 0;
  return await Promise.all(
    endpoints.map(async (endpoint) => {
      let last: EndpointResult | undefined;
      const look = async () => {
        const result = await probe(endpoint, signal);
        if (result.answer !== last?.answer && !result.healthy) {
          ctx.progress(`${endpoint.name}: ${result.answer}`, { done, total, item: endpoint.name });
        }
        last = result;
        return result.healthy ? result : undefined;
      };
      const found = await waitUntil(look, { clock, signal, timeoutMs });
      if (found !== undefined) ctx.progress(`${endpoint.name} answers`, { done: ++done, total, item: endpoint.name });
      return found ?? last ?? { endpoint, healthy: false, answer: 'not asked' };
    }),
  );
}

async function probe(endpoint: Endpoint, signal: AbortSignal): Promise<EndpointResult> {
  const answer = await askHttp(endpoint.url, { signal });
  return { endpoint, healthy: (endpoint.isHealthy ?? isSuccess)(answer), answer: describeAnswer(answer) };
}
