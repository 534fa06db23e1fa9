import { describe, expect, test } from 'vitest';
import { putTogether, takeApart } from '../../../src/telemetry/delivery/otlp-parts.ts';

const bodyOf = (request: object) => Buffer.from(JSON.stringify(request));
const REQUEST = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'us' } }] },
      scopeSpans: [
        { scope: { name: 'a' }, spans: [{ spanId: '1' }, { spanId: '2' }] },
        { scope: { name: 'b' }, schemaUrl: 'https://example.org', spans: [{ spanId: '3' }] },
      ],
    },
    { resource: {}, scopeSpans: [{ scope: { name: 'a' }, spans: [{ spanId: '4' }] }] },
  ],
};

describe('an OTLP request that is taken apart', () => {
  test('is what it was, when all is put together', () => {
    const parts = takeApart(bodyOf(REQUEST)) ?? [];
    expect(parts.map(({ count }) => count)).toEqual([1, 1, 1, 1]);
    expect(JSON.parse(putTogether(parts))).toEqual(REQUEST);
  });

  test('leaves some of it out, with what stands around the rest', () => {
    const parts = takeApart(bodyOf(REQUEST)) ?? [];
    expect(JSON.parse(putTogether(parts.slice(2, 3)))).toEqual({
      resourceSpans: [
        {
          ...REQUEST.resourceSpans[0],
          scopeSpans: [{ scope: { name: 'b' }, schemaUrl: 'https://example.org', spans: [{ spanId: '3' }] }],
        },
      ],
    });
  });

  test('has log records, or metrics with as many items as they have points', () => {
    const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: 'a' } }] }] }] };
    expect(takeApart(bodyOf(logs))).toHaveLength(1);
    const metrics = [
      { name: 'a', histogram: { dataPoints: [{}, {}] } },
      { name: 'b', gauge: { dataPoints: [{}] } },
    ];
    const parts = takeApart(bodyOf({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })) ?? [];
    expect(parts.map(({ count }) => count)).toEqual([2, 1]);
  });

  test.each([Buffer.from([10, 0, 255]), bodyOf({}), bodyOf({ resourceProfiles: [] }), Buffer.from('null')])(
    'cannot be what is no JSON of a known signal (%#)',
    (body) => expect(takeApart(body)).toBeUndefined(),
  );
});
