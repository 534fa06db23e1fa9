import { expect, test } from 'vitest';
import { askedNotifications, chooseNotifications, notificationSecrets } from '../../src/cli/asked-notifications.ts';
import type { Notifications } from '../../src/dashboards/alerts/notifications.ts';

const config = (notifications?: unknown) => ({ path: 'c.yaml', flags: {}, notifications });
const hook: Notifications = { contact_points: [{ name: 'hook', type: 'webhook', settings: { url: '$HOOK' } }] };
const recorded: Notifications = { contact_points: [{ name: 'old', type: 'webhook', settings: { url: '$OLD' } }] };
const both = ['grafana', 'mimir'] as const;
const nothing = () => undefined;

test('the values of variables are needed by runs that apply them, and by no other command', () => {
  expect(notificationSecrets(config(hook), { mode: 'run' })).toEqual(['HOOK']);
  expect(notificationSecrets(config(hook), { mode: 'repair' })).toEqual(['HOOK']);
  for (const mode of ['status', 'delete', 'reset'] as const) {
    expect(notificationSecrets(config(hook), { mode })).toEqual([]);
  }
  expect(notificationSecrets(config('none'), { mode: 'run' })).toEqual([]);
  expect(notificationSecrets(undefined, { mode: 'run' })).toEqual([]);
});

test('what is asked for wins, with the values that are there; else what is recorded, without; "none" takes it back', () => {
  const asked = askedNotifications(config(hook));
  const chosen = chooseNotifications(asked, recorded, both, (name) => `value of ${name}`);
  expect(chosen).toEqual({ notifications: asked, notificationValues: { HOOK: 'value of HOOK' } });
  expect(chooseNotifications(undefined, recorded, both, nothing)).toEqual({ notifications: recorded });
  expect(chooseNotifications('none', recorded, both, nothing)).toEqual({});
  expect(chooseNotifications(undefined, undefined, both, nothing)).toEqual({});
});

test('without Grafana and Mimir they are refused when asked for, and rest when recorded', () => {
  expect(() => chooseNotifications(hook, undefined, ['mimir'], nothing)).toThrow(
    /need the components grafana and mimir/,
  );
  expect(chooseNotifications(undefined, recorded, ['grafana'], nothing)).toEqual({});
});

test('a mistake names the file', () => {
  expect(() => askedNotifications(config({ contact_points: 1 }))).toThrow(/^c\.yaml: notifications\.contact_points: /);
});
