import { expect, test } from 'vitest';
import { readNotifications, variablesOf } from '../../src/dashboards/alerts/notifications.ts';
import { EXAMPLE_NOTIFICATIONS } from '../../src/dashboards/build/example-notifications.ts';

const braced = (name: string) => `$\{${name}}`;
const point = (more: object) => ({ contact_points: [{ name: 'a', type: 'webhook', settings: {}, ...more }] });

test.each([
  [undefined, /^notifications: /],
  [{ contact_points: [] }, /^notifications\.contact_points: /],
  [{ ...point({}), contact_point: [] }, /^notifications: .*contact_point/],
  [point({ severities: ['P9'] }), /^notifications\.contact_points\.0\.severities\.0: /],
  [point({ name: 'a $b' }), /^notifications\.contact_points\.0\.name: a name without "\$"/],
  [point({ settings: { url: ['a'] } }), /^notifications\.contact_points\.0\.settings\.url: /],
  [{ contact_points: [...point({}).contact_points, ...point({ name: 'A' }).contact_points] }, /\.1\.name: is too much/],
])('%j is refused with the name of the field', (section, message) => {
  expect(() => readNotifications(section)).toThrow(message);
});

test('the error names the file, when there is one', () => {
  expect(() => readNotifications({ contact_points: [] }, 'c.yaml')).toThrow(
    /^c\.yaml: notifications\.contact_points: /,
  );
});

test.each([
  ['webhook', { password: 'hush' }],
  ['webhook', { authorization_credentials: 'hush' }],
  ['webhook', { url: 'https://me:hush@hooks.example.org' }],
  ['pagerduty', { integrationKey: 'hush' }],
  ['telegram', { bottoken: 'hush' }],
  ['slack', { url: 'https://hooks.slack.example/services/hush' }],
])('a secret that stands in the file is refused: %s %j', (type, settings) => {
  const read = () => readNotifications(point({ type, settings }));
  expect(read).toThrow(/: a secret does not stand here itself$/);
  expect(read).not.toThrow(/hush/);
});

test.each([
  ['webhook', { url: 'https://hooks.example.org/a@b', httpMethod: 'POST', maxAlerts: 3 }, []],
  ['webhook', { url: '$HOOK', password: braced('HOOK_PASSWORD') }, ['HOOK', 'HOOK_PASSWORD']],
  ['webhook', { url: 'https://me:$PW@hooks.example.org' }, ['PW']],
  ['slack', { url: '$HOOK', recipient: '#ops', title: 'costs $$5' }, ['HOOK']],
])('%s %j is taken, and names its variables', (type, settings, names) => {
  expect(variablesOf(readNotifications(point({ type, settings })))).toEqual(names);
});

test.each(['{{ $labels.step }}', '$', '${', `a ${braced('x')}`])(
  '%s is no variable: a dollar sign is doubled',
  (title) => {
    expect(() => readNotifications(point({ settings: { title } }))).toThrow(/names no variable/);
  },
);

test('the example is a right one', () => {
  expect(variablesOf(readNotifications(EXAMPLE_NOTIFICATIONS))).toEqual(['CONTEXTCORE_ALERT_WEBHOOK']);
});
