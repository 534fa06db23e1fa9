import * as z from 'zod';
import { InstallerError } from '../../errors/installer-error.ts';

const TIMEOUT_MS = 5000;

const answerSchema = z.object({
  status: z.literal('success'),
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }),
});

/**
 * Asks Prometheus an instant query.
 *
 * @param url of the server, without a path
 * @returns the values found, in no order
 * @throws InstallerError `step_failed` when it does not answer, or not as Prometheus does
 */
export async function queryValues(url: string, promql: string, signal: AbortSignal): Promise<readonly number[]> {
  const address = `${url}/api/v1/query?${new URLSearchParams({ query: promql })}`;
  try {
    const response = await fetch(address, { signal: within(signal) });
    const answer = answerSchema.parse(await response.json());
    return answer.data.result.map(({ value }) => Number(value[1]));
  } catch (cause) {
    signal.throwIfAborted();
    throw new InstallerError('step_failed', `${url} does not answer queries`, { class: 'network_reset', cause });
  }
}

/**
 * Sends one gauge by OTLP/HTTP in its JSON form (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
 *
 * @returns false when this Prometheus has no OTLP receiver, whatever flags it offers
 * @throws InstallerError `step_failed` when the gauge is refused
 */
export async function sendOtlpGauge(
  url: string,
  gauge: { name: string; attributes: Readonly<Record<string, string>>; value: number; timestamp: number },
  signal: AbortSignal,
): Promise<boolean> {
  const attributesOf = (values: Readonly<Record<string, string>>) =>
    Object.entries(values).map(([key, value]) => ({ key, value: { stringValue: value } }));
  const point = {
    asDouble: gauge.value,
    timeUnixNano: `${gauge.timestamp}000000`,
    attributes: attributesOf(gauge.attributes),
  };
  const body = {
    resourceMetrics: [
      {
        resource: { attributes: attributesOf({ 'service.name': 'contextcore-installer' }) },
        scopeMetrics: [{ metrics: [{ name: gauge.name, gauge: { dataPoints: [point] } }] }],
      },
    ],
  };
  const response = await fetch(`${url}/api/v1/otlp/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: within(signal),
  });
  const text = await response.text();
  if (response.ok) return true;
  if (response.status === 404) return false;
  throw new InstallerError('step_failed', `${url} refused a metric by OTLP with ${response.status}: ${text.trim()}`);
}

function within(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]);
}
