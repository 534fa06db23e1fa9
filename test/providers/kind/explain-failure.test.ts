import { expect, test } from 'vitest';
import { InstallerError } from '../../../src/errors/installer-error.ts';
import { explainFailure } from '../../../src/providers/kind/explain-failure.ts';

const config = { cluster: 'c', ports: { grafana: 3000, mimir: 9009 } };
const failWith = (...tail: string[]) =>
  explainFailure(new InstallerError('step_failed', 'kind exited with 1', { tail, class: 'unknown' }), config);

test.each([
  'docker: Error response from daemon: failed to set up container networking: driver failed programming external connectivity on endpoint c-control-plane (99): failed to bind host port for 127.0.0.1:3000:172.18.0.2:30300/tcp: address already in use',
  'docker: Error response from daemon: driver failed programming external connectivity on endpoint c-control-plane (99): Bind for 127.0.0.1:3000 failed: port is already allocated.',
])('a taken port is named with the flag that avoids it: %s', (line) => {
  const error = failWith(
    'ERROR: failed to create cluster: command "docker run" failed with error: exit status 125',
    line,
    "Run 'docker run --help' for more information",
  );
  expect(error.message).toBe('port 3000 of the host, for grafana, is taken by somebody else');
  expect(error.details.hint).toContain('--port grafana=');
  expect(error.class).toBe('unknown');
});

test.each([
  'Error response from daemon: network kind is ambiguous (2 matches found on name)',
  'Bind for 127.0.0.1:41234 failed: port is already allocated',
  'ERROR: failed to create cluster: node(s) already exist for a cluster with the name "c"',
])('a race with another creation is tried again: %s', (line) => {
  expect(failWith(line).class).toBe('lock_held');
});

test('what kind itself says is the message, and known trouble has a hint', () => {
  const error = failWith(
    'Creating cluster "c" ...',
    'ERROR: failed to create cluster: failed to pull image "kindest/node:v9"',
  );
  expect(error.message).toBe(
    'kind could not create cluster "c": failed to create cluster: failed to pull image "kindest/node:v9"',
  );
  expect(error.details.hint).toContain('--node-image');
});

test('what the engine answered is told instead of a long command line', () => {
  const error = failWith(
    'ERROR: failed to create cluster: command "docker run --name c-control-plane --privileged" failed with error: exit status 125',
    'docker: Error response from daemon: no space left on device',
  );
  expect(error.message).toBe('kind could not create cluster "c": no space left on device');
  expect(error.details.hint).toContain('docker system prune');
});
