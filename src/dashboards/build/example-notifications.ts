import type { Notifications } from '../alerts/notifications.ts';

/** What dashboards/notifications/example.yaml is made from: one webhook for what is urgent, one mailbox for all. */
export const EXAMPLE_NOTIFICATIONS: Notifications = {
  contact_points: [
    {
      name: 'On-call webhook',
      type: 'webhook',
      settings: { url: '$CONTEXTCORE_ALERT_WEBHOOK', httpMethod: 'POST' },
      severities: ['P1', 'P2'],
    },
    { name: 'Installation mailbox', type: 'email', settings: { addresses: 'installations@example.org' } },
  ],
};
