import { expect, test } from 'vitest';
import type { Answer, ClientRequest } from '../../../src/telemetry/delivery/http.ts';
import { createPushgatewaySender } from '../../../src/telemetry/delivery/send-pushgateway.ts';
import { METRICS } from '../../../src/telemetry/names.ts';
import { encodeSamples, type Sample } from '../../../src/telemetry/status/sample.ts';

const { signal } = new AbortController();
const sample = (value: number): Sample => ({
  metric: METRICS.breakerState,
  labels: { target: 't' },
  value,
  timestamp: 1,
});

/** @param answers one for each request; a thrown error stands for a broken connection */
function makeSender(...answers: (Partial<Answer> | Error)[]) {
  const asked: { url: string; request: ClientRequest }[] = [];
  const send = createPushgatewaySender(
    { endpoint: { url: 'http://gate:9091/under', headers: {} }, protocol: 'pushgateway', found: false },
    async (url, request) => {
      asked.push({ url, request });
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return { status: 200, headers: {}, body: '', ...answer };
    },
    { timeoutMs: 1000, now: () => 0, current: () => [sample(2)] },
  );
  return { asked, send };
}

test('says how things stand, whatever waits, in a group of the plan on the cluster', async () => {
  const { asked, send } = makeSender({});
  const records = [0, 1].flatMap((value) => encodeSamples({ cluster: 'c1', plan: 'my plan' }, [sample(value)]));
  expect(await send(records, signal)).toEqual({ outcome: 'accepted' });
  expect(asked.map(({ url }) => url)).toEqual([
    'http://gate:9091/under/metrics/job/contextcore_install/cluster/c1/plan/my%20plan',
  ]);
  expect(asked[0]?.request).toMatchObject({ method: 'PUT' });
  expect(asked[0]?.request.body).toMatch(/^contextcore_install_breaker_state\{target="t"\} 2$/m);
});

test('a name with a slash goes as base64', async () => {
  const { asked, send } = makeSender({});
  await send(encodeSamples({ cluster: 'c', plan: 'a/b' }, [sample(1)]), signal);
  expect(asked[0]?.url).toMatch(/\/cluster\/c\/plan@base64\/YS9i$/);
});

test('a refusal is given up at once: in parts it would be the same', async () => {
  const { asked, send } = makeSender({ status: 400, body: 'inconsistent\n' });
  const records = encodeSamples({ cluster: 'c', plan: 'p' }, [sample(1), sample(2)]);
  expect(await send(records, signal)).toEqual({ outcome: 'accepted', rejected: 2, reason: '400 inconsistent' });
  expect(asked).toHaveLength(1);
});

test('trouble of the server or on the way is for later', async () => {
  const { send } = makeSender({ status: 503, body: 'busy', headers: { 'retry-after': '2' } }, new Error('cut'));
  const records = encodeSamples({ cluster: 'c', plan: 'p' }, [sample(1)]);
  expect(await send(records, signal)).toEqual({ outcome: 'later', reason: '503 busy', afterMs: 2000 });
  expect(await send(records, signal)).toEqual({ outcome: 'later', reason: 'cut' });
});
