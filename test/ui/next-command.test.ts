import { expect, test } from 'vitest';
import { commandFor, flushCommand } from '../../src/ui/next-command.ts';

test('a command names what is not the default: the plan, by path or name, and the cluster', () => {
  expect(commandFor('resume', { cluster: 'o11y-dev' })).toBe('create-cluster --resume');
  expect(commandFor('resume', { cluster: 'a', plan: 'shop', planPath: '/my plans/shop.yaml' })).toBe(
    "contextcore-install resume '/my plans/shop.yaml' --cluster a",
  );
  expect(flushCommand({ cluster: 'o11y-dev', plan: 'create-cluster' })).toBe('contextcore-install telemetry flush');
  expect(flushCommand({ cluster: 'a', plan: 'shop', planPath: '/my plans/shop.yaml' })).toBe(
    'contextcore-install telemetry flush shop --cluster a',
  );
});
