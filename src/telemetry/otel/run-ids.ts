import { type IdGenerator, RandomIdGenerator } from '@opentelemetry/sdk-trace';

/** The SDK's random ids, but that the ids of the run's span are known before it is started. */
export interface RunIds extends IdGenerator {
  /** A span started in `call` is the run's; without a parent, its trace is the run's, too. */
  asRun<T>(call: () => T): T;
}

export function createRunIds(): RunIds {
  const random = new RandomIdGenerator();
  const run = { traceId: random.generateTraceId(), spanId: random.generateSpanId() };
  let isRun = false;
  return {
    generateTraceId: () => (isRun ? run.traceId : random.generateTraceId()),
    generateSpanId: () => (isRun ? run.spanId : random.generateSpanId()),
    asRun(call) {
      isRun = true;
      try {
        return call();
      } finally {
        isRun = false;
      }
    },
  };
}
