import { classifyError } from '../errors/classify-error.ts';
import { TRANSIENT_CLASSES } from '../errors/error-class.ts';
import type { Guard } from '../resilience/guard.ts';
import { targetId } from '../resilience/target.ts';

/** One request has its own time-outs; an attempt may also have to wait until a registry is well again. */
const ATTEMPT_TIMEOUT_MS = 10 * 60_000;

/**
 * A guard for many calls at once. When a registry is busy or ill they all fail together, which is one trouble, not
 * twenty: the first that fails finds out, by its own retries, when the registry is back, and the others wait for it
 * instead of failing, too. Otherwise a breaker would take one busy moment for a registry that is gone for good.
 *
 * The work must not call the same calm guard for the same target: it would wait for itself.
 */
export function calmGuard(guard: Pick<Guard, 'call'>): Pick<Guard, 'call'> {
  /** Calls that find out, by target; each resolves to whether it succeeded. */
  const scouts = new Map<string, Promise<boolean>>();

  return {
    async call(target, work, options = {}) {
      const id = targetId(target);
      let report: ((succeeded: boolean) => void) | undefined;
      try {
        const policy = { timeoutMs: ATTEMPT_TIMEOUT_MS, ...options.policy };
        const result = await guard.call(
          target,
          async (attempt) => {
            for (;;) {
              try {
                return await work(attempt);
              } catch (thrown) {
                if (report !== undefined || !TRANSIENT_CLASSES.includes(classifyError(thrown))) throw thrown;
                const scout = scouts.get(id);
                if (scout === undefined) {
                  scouts.set(id, new Promise((resolve) => (report = resolve)));
                  throw thrown;
                }
                if (!(await scout)) throw thrown;
                attempt.signal.throwIfAborted();
              }
            }
          },
          { ...options, policy },
        );
        end(true);
        return result;
      } catch (thrown) {
        end(false);
        throw thrown;
      }

      function end(succeeded: boolean): void {
        if (report === undefined) return;
        scouts.delete(id);
        report(succeeded);
      }
    },
  };
}
