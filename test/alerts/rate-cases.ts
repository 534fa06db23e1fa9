import { METRICS, type Metric } from '../../src/telemetry/names.ts';
import { type AlertCase, counted, grown, named, RUN, type Samples } from '../support/alert-cases.ts';

const PLAN = { plan: 'create-cluster' };
const TARGET = { ...RUN, target: 'docker.io' };
const TIMEOUT = { ...TARGET, class: 'network_timeout' };
const DAY_AND_HALF = '2160m';

const ended = (successes: number, failures: number) => ({
  ...counted(METRICS.runs, successes, { ...RUN, result: 'success' }),
  ...counted(METRICS.runs, failures, { ...RUN, result: 'failure' }),
});

/** Each in a home of its own, as on machines of a CI: all count up to 1. */
function freshHomes(metric: Metric, count: number, labels: Readonly<Record<string, string>>): Record<string, Samples> {
  const homes = Array.from({ length: count }, (_none, index) => ({ ...labels, cluster: `ci-${index}` }));
  return Object.fromEntries(homes.map((home, index) => [named(metric, home), { [index]: 0, [index + 1]: 1 }]));
}

/** Fewer than needed, just below, at, and just above the threshold, of a share of 1,000. */
function shareCases(
  part: (count: number) => AlertCase['series'],
  all: (count: number) => AlertCase['series'],
  percent: number,
): readonly AlertCase[] {
  const limit = percent * 10;
  return [
    { name: 'just below', series: { ...part(limit - 1), ...all(1000) }, at: '60m', fires: [] },
    { name: 'just above', series: { ...part(limit + 1), ...all(1000) }, at: '60m', fires: [PLAN] },
    { name: 'fewer than 10 events', series: { ...part(9), ...all(9) }, at: '60m', fires: [] },
    { name: 'nothing of the kind', series: all(1000), at: '60m', fires: [] },
    { name: 'good events since', series: { ...part(limit + 1), ...all(1100) }, at: '60m', fires: [] },
    { name: 'a day later', series: { ...part(limit + 1), ...all(1000) }, at: DAY_AND_HALF, fires: [] },
  ];
}

/** Situations over a day, by alert. */
export const RATE_CASES: Readonly<Record<string, readonly AlertCase[]>> = {
  InstallSuccessRateLow: [
    { name: '9 of 10', series: ended(9, 1), at: '60m', fires: [] },
    { name: '17 of 19, 89.5 %', series: ended(17, 2), at: '60m', fires: [PLAN] },
    { name: '8 of 9: too few', series: ended(8, 1), at: '60m', fires: [] },
    { name: 'none of 10', series: counted(METRICS.runs, 10, { ...RUN, result: 'failure' }), at: '60m', fires: [PLAN] },
    { name: 'none of 9: too few', series: ended(0, 9), at: '60m', fires: [] },
    { name: 'successes since', series: ended(18, 2), at: '60m', fires: [] },
    {
      name: 'cancelled ones do not count',
      series: { ...ended(9, 1), ...counted(METRICS.runs, 20, { ...RUN, result: 'cancellation' }) },
      at: '60m',
      fires: [],
    },
    {
      name: 'two of twelve failed, each in a home of its own',
      series: {
        ...freshHomes(METRICS.runs, 10, { ...RUN, result: 'success' }),
        ...counted(METRICS.runs, 2, { ...RUN, result: 'failure' }),
      },
      at: '60m',
      fires: [PLAN],
    },
    { name: 'a day later', series: ended(0, 20), at: DAY_AND_HALF, fires: [] },
  ],
  InstallNetworkTimeouts: shareCases(
    (count) => grown(METRICS.requestErrors, count, TIMEOUT),
    (count) => grown(METRICS.requests, count, TARGET),
    5,
  ).concat({
    name: 'other errors',
    series: {
      ...grown(METRICS.requestErrors, 500, { ...TARGET, class: 'not_found' }),
      ...grown(METRICS.requests, 1000, TARGET),
    },
    at: '60m',
    fires: [],
  }),
  InstallChecksumFailures: shareCases(
    (count) => grown(METRICS.checksumFailures, count, TARGET),
    (count) => grown(METRICS.checksumChecks, count, TARGET),
    1,
  ),
  InstallBreakerRejections: shareCases(
    (count) => grown(METRICS.breakerRejections, count, TARGET),
    (count) => grown(METRICS.requests, count, TARGET),
    5,
  ),
  InstallTargetExhausted: [
    { name: 'in 2 runs', series: counted(METRICS.exhaustedRuns, 2, TARGET), at: '60m', fires: [] },
    {
      name: 'in 3 runs',
      series: counted(METRICS.exhaustedRuns, 3, TARGET),
      at: '60m',
      fires: [{ target: 'docker.io' }],
    },
    {
      name: 'in 3 runs of different clusters',
      series: freshHomes(METRICS.exhaustedRuns, 3, TARGET),
      at: '60m',
      fires: [{ target: 'docker.io' }],
    },
    {
      name: 'two targets, twice each',
      series: {
        ...counted(METRICS.exhaustedRuns, 2, TARGET),
        ...counted(METRICS.exhaustedRuns, 2, { ...TARGET, target: 'npm' }),
      },
      at: '60m',
      fires: [],
    },
    { name: 'a day later', series: counted(METRICS.exhaustedRuns, 3, TARGET), at: DAY_AND_HALF, fires: [] },
  ],
};
