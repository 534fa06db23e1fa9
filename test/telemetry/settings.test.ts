import { expect, test } from 'vitest';
import { otlpTarget, queryTarget, sampleTarget } from '../../src/telemetry/delivery/find-backends.ts';
import { resolveSettings } from '../../src/telemetry/settings.ts';

const none = () => undefined;
const nothing = { ports: {}, outputs: {} };

test('without any setting, what was installed takes it', () => {
  const settings = resolveSettings({}, {}, none);
  expect(sampleTarget(settings, nothing)).toBeUndefined();
  expect(sampleTarget(settings, { ports: { mimir: 9010, prometheus: 1 }, outputs: {} })).toMatchObject({
    endpoint: { url: 'http://127.0.0.1:9010/api/v1/push' },
    readyUrl: 'http://127.0.0.1:9010/ready',
    found: true,
  });
  expect(sampleTarget(settings, { ports: { prometheus: 9009 }, outputs: {} })?.endpoint.url).toBe(
    'http://127.0.0.1:9009/api/v1/write',
  );
  const inDocker = { ports: { mimir: 9009 }, outputs: { url_mimir: 'http://172.18.0.2:30909' } };
  expect(sampleTarget(settings, inDocker)?.endpoint.url).toBe('http://172.18.0.2:30909/api/v1/push');
  expect(queryTarget(settings, inDocker)?.url).toBe('http://172.18.0.2:30909/prometheus');
  expect(otlpTarget('traces', settings, { ports: { 'otlp-http': 4318 }, outputs: {} })?.endpoint.url).toBe(
    'http://127.0.0.1:4318/v1/traces',
  );
});

test('a flag wins over the environment, which wins over what was installed', () => {
  const env = { CONTEXTCORE_REMOTE_WRITE_URL: 'http://env/api/v1/push', CONTEXTCORE_TENANT: 'team' };
  const installed = { ports: { mimir: 9009 }, outputs: {} };
  const byEnv = sampleTarget(resolveSettings({}, env, none), installed);
  expect(byEnv).toMatchObject({
    endpoint: { url: 'http://env/api/v1/push', headers: { 'X-Scope-OrgID': 'team' } },
    found: false,
  });
  const wishes = { remoteWriteUrl: 'http://flag/push', tenant: 'other' };
  expect(sampleTarget(resolveSettings(wishes, env, none), installed)?.endpoint).toEqual({
    url: 'http://flag/push',
    headers: { 'X-Scope-OrgID': 'other' },
  });
});

test('a Pushgateway takes samples in place of remote write, and not of the rest', () => {
  const env = {
    CONTEXTCORE_PUSHGATEWAY_URL: 'https://me:pw@gate:9091/',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
  };
  const settings = resolveSettings({}, env, none);
  expect(sampleTarget(settings, { ports: { mimir: 9009 }, outputs: {} })).toEqual({
    endpoint: { url: 'https://gate:9091', headers: { Authorization: `Basic ${btoa('me:pw')}` } },
    protocol: 'pushgateway',
    found: false,
  });
  expect(otlpTarget('metrics', settings, nothing)?.endpoint.url).toBe('http://collector:4318/v1/metrics');
  const both = { ...env, CONTEXTCORE_REMOTE_WRITE_URL: 'http://env/api/v1/push' };
  expect(sampleTarget(resolveSettings({}, both, none), nothing)?.protocol).toBe('remote_write');
  const byFlag = resolveSettings({ pushgatewayUrl: 'http://flag' }, both, none);
  expect(sampleTarget(byFlag, nothing)?.endpoint.url).toBe('http://flag');
  expect(() => resolveSettings({ pushgatewayUrl: 'gate:9091' }, {}, none)).toThrow('--pushgateway-url: not an http');
});

test('credentials go into headers, and only to the address they were given with', () => {
  const env = {
    CONTEXTCORE_REMOTE_WRITE_URL: 'https://me:s%40cret@host/push',
    CONTEXTCORE_QUERY_URL: 'https://host/prometheus/',
    CONTEXTCORE_REMOTE_WRITE_USERNAME: 'you',
  };
  const secret = (name: string) => (name === 'CONTEXTCORE_REMOTE_WRITE_PASSWORD' ? 'word' : undefined);
  const settings = resolveSettings({}, env, secret);
  expect(settings.remoteWrite).toEqual({
    url: 'https://host/push',
    headers: { Authorization: `Basic ${Buffer.from('me:s@cret').toString('base64')}` },
  });
  expect(settings.query).toEqual({
    url: 'https://host/prometheus',
    headers: { Authorization: `Basic ${Buffer.from('you:word').toString('base64')}` },
  });
  expect(sampleTarget({ ...settings, otlp: {} }, nothing)?.endpoint.url).not.toContain('s%40cret');
  const token = (name: string) => (name === 'CONTEXTCORE_REMOTE_WRITE_TOKEN' ? 'abc' : undefined);
  expect(resolveSettings({}, env, token).query?.headers).toEqual({ Authorization: 'Bearer abc' });
  const found = sampleTarget(resolveSettings({}, {}, token), { ports: { mimir: 1 }, outputs: {} });
  expect(found?.endpoint.headers).toEqual({});
});

test('OTLP: a general address is extended, one for a signal is not; headers are decoded and merged', () => {
  const { otlp } = resolveSettings(
    {},
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318/',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://metrics/here',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc, x-a=1',
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-a=2',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem',
      OTEL_LOGS_EXPORTER: 'none',
    },
    none,
  );
  expect(otlp).toEqual({
    traces: {
      url: 'http://collector:4318/v1/traces',
      headers: { authorization: 'Bearer abc', 'x-a': '1' },
      caFile: '/ca.pem',
    },
    metrics: { url: 'http://metrics/here', headers: { authorization: 'Bearer abc', 'x-a': '2' }, caFile: '/ca.pem' },
  });
  const disabled = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318', OTEL_SDK_DISABLED: 'true' };
  expect(resolveSettings({}, disabled, none).otlp).toEqual({});
});

test('samples go to a collector where only that is given', () => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  expect(sampleTarget(resolveSettings({}, env, none), nothing)).toMatchObject({
    protocol: 'otlp',
    endpoint: { url: 'http://collector:4318/v1/metrics' },
  });
});

test.each(['mimir:9009', 'ftp://host/push', '/push'])(
  '%s is no address, and is not repeated with what it may hold',
  (url) => {
    expect(() => resolveSettings({ remoteWriteUrl: url }, {}, none)).toThrow(
      '--remote-write-url: not an http(s) address',
    );
  },
);
