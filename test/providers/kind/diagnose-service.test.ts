import { expect, test } from 'vitest';
import { explainService, type ServiceFacts } from '../../../src/providers/kind/diagnose-service.ts';
import { readProcess } from '../../../src/system/process-table.ts';

const self = readProcess(process.pid);
const process_ = self === undefined ? {} : { process: { ...self, cmdline: ['/usr/bin/docker-proxy'] } };
const sound: ServiceFacts = {
  name: 'mimir',
  answer: 'connection refused',
  hostPort: 9009,
  listener: process_,
  pods: 1,
  unready: [],
  addresses: 1,
};

test('somebody else who listens is named before all else', () => {
  const stranger =
    self === undefined ? {} : { process: { ...self, cmdline: ['/usr/bin/python3', '-m', 'http.server'] } };
  expect(explainService({ ...sound, listener: stranger, unready: ['mimir-0 (pending)'] })).toBe(
    `mimir: python3 (pid ${process.pid}) listens on port 9009 instead of the cluster`,
  );
});

test.each<[string, Partial<ServiceFacts>, string]>([
  ['no answer from the API', { unready: undefined }, "the cluster's API cannot be asked why"],
  ['no pod', { pods: 0 }, 'it has no pod'],
  ['a pod that is not ready', { unready: ['mimir-0 (CrashLoopBackOff)'] }, 'not ready: mimir-0 (CrashLoopBackOff)'],
  ['a Service without endpoints', { addresses: 0 }, 'its Service has no endpoints'],
  ['nobody listening', { listener: undefined }, 'nothing listens on port 9009'],
  ['nothing found', {}, 'mimir: connection refused; its pod is ready'],
])('%s', (_what, facts, sentence) => {
  expect(explainService({ ...sound, ...facts })).toContain(sentence);
});
