import type { IncomingMessage, ServerResponse } from 'node:http';
import { deserialize } from 'prometheus-remote-write';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pushSamples } from '../../src/telemetry/remote-write.ts';
import { type HttpSite, startSite } from '../support/http-site.ts';

interface Received {
  headers: IncomingMessage['headers'];
  body: Buffer;
}

let site: HttpSite;
let received: Received[];

beforeEach(async () => {
  received = [];
  site = await startSite({ '/push': receiveWith(200), '/busy': receiveWith(503), '/bad': receiveWith(400) });
});
afterEach(() => site.close());

function receiveWith(status: number) {
  return async (request: IncomingMessage, response: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ headers: request.headers, body: Buffer.concat(chunks) });
    response.writeHead(status).end(status === 200 ? '' : 'out of bounds\nmore');
  };
}

const series = {
  labels: { step: 'b', __name__: 'up', Zone: 'z', cluster: 'a' },
  samples: [{ value: 2, timestamp: 5 }],
};

test('sends snappy-compressed protobuf with the headers of the specification, labels sorted', async () => {
  await pushSamples(`${site.url}/push`, [series], { headers: { 'X-Scope-OrgID': 'me' } });

  expect(received[0]?.headers).toMatchObject({
    'content-encoding': 'snappy',
    'content-type': 'application/x-protobuf',
    'x-prometheus-remote-write-version': '0.1.0',
    'x-scope-orgid': 'me',
  });
  const request = JSON.parse(JSON.stringify(await deserialize(uncompress(received[0]?.body)))) as {
    timeseries: { labels: { name: string; value: string }[]; samples: { value: number; timestamp: string }[] }[];
  };
  expect(request.timeseries[0]?.labels.map((label) => label.name)).toEqual(['Zone', '__name__', 'cluster', 'step']);
  expect(request.timeseries[0]?.samples).toEqual([{ value: 2, timestamp: '5' }]);
});

test('tells a refusal that may pass from one that will not', async () => {
  await expect(pushSamples(`${site.url}/busy`, [series])).rejects.toMatchObject({ class: 'server_error' });
  await expect(pushSamples(`${site.url}/bad`, [series])).rejects.toMatchObject({
    class: 'unknown',
    message: expect.stringContaining('refused with 400: out of bounds'),
  });
});

test('a receiver that is not there or does not answer is trouble of the network', async () => {
  site.pages['/hang'] = () => undefined;
  await expect(pushSamples(`${site.url}/hang`, [series], { timeoutMs: 50 })).rejects.toMatchObject({
    class: 'network_timeout',
  });
  await expect(pushSamples('http://127.0.0.1:1/push', [series])).rejects.toMatchObject({ class: 'network_reset' });
});

test('an aborted push ends with the reason of the signal', async () => {
  site.pages['/hang'] = () => undefined;
  const controller = new AbortController();
  const pushed = pushSamples(`${site.url}/hang`, [series], { signal: controller.signal });
  controller.abort(new Error('interrupted'));
  await expect(pushed).rejects.toThrow('interrupted');
});

test('refuses what the library would silently change', async () => {
  const atZero = { ...series, samples: [{ value: 1, timestamp: 0 }] };
  await expect(pushSamples(`${site.url}/push`, [atZero])).rejects.toThrow('0 is no time');
  await expect(pushSamples(`${site.url}/push`, [{ ...series, labels: { a: 'b' } }])).rejects.toThrow('__name__');
});

/** Snappy's block format, literals and copies (https://github.com/google/snappy/blob/main/format_description.txt). */
function uncompress(body: Buffer | undefined): ArrayBuffer {
  const input = body ?? Buffer.alloc(0);
  const out: number[] = [];
  let at = 0;
  while ((input[at++] ?? 0) >= 0x80);
  while (at < input.length) {
    const tag = input[at++] ?? 0;
    if ((tag & 3) === 0) {
      let length = tag >> 2;
      if (length >= 60) {
        const bytes = length - 59;
        length = input.readUIntLE(at, bytes);
        at += bytes;
      }
      out.push(...input.subarray(at, at + length + 1));
      at += length + 1;
    } else {
      const short = (tag & 3) === 1;
      const length = short ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
      const offset = short ? ((tag >> 5) << 8) | (input[at] ?? 0) : input.readUIntLE(at, (tag & 3) === 2 ? 2 : 4);
      at += short ? 1 : (tag & 3) === 2 ? 2 : 4;
      for (let copied = 0; copied < length; copied += 1) out.push(out[out.length - offset] ?? 0);
    }
  }
  return Buffer.from(out) as unknown as ArrayBuffer;
}
