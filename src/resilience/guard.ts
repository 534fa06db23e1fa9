import type { ErrorClass } from '../errors/error-class.ts';
import { InstallerError, toInstallerError } from '../errors/installer-error.ts';
import { type Breaker, type BreakerOptions, createBreaker } from './breaker.ts';
import type { RequestFacts, ResilienceEvent, TimedRequest } from './events.ts';
import { changePolicy, PROFILES, type ProfileName, type RetryPolicy } from './policy.ts';
import { printableUrl } from './printable-url.ts';
import { type Attempt, type Failure, retry } from './retry.ts';
import { orderSources, rememberSources } from './sources.ts';
import { type Target, type TargetKind, targetId } from './target.ts';
import type { Random } from './time.ts';

/** One try at a target. */
export interface GuardedAttempt extends Attempt {
  /** Tells which request was made, when it has ended, for traces. */
  tell(request: RequestFacts): void;
}

export interface CallOptions {
  /** Default: what suits the kind of target. */
  profile?: ProfileName;
  /** What differs from the profile. */
  policy?: Partial<RetryPolicy>;
  /** Cleans up or mends before the next attempt. */
  between?: (failure: Failure, signal: AbortSignal) => Promise<void>;
  signal?: AbortSignal;
  /** False for what is no service of its own, such as any program: others of its name are not kept waiting. */
  breaker?: boolean;
}

export interface Source {
  target: Target;
  /** Names it among its like; the same in every run. Default: the target's id. */
  id?: string;
}

export interface AnyOptions extends CallOptions {
  /** Whether a checksum or digest makes sure that all sources give the same; else a change of source is reported. */
  verified: boolean;
}

/** Everything between an installation and the services that it depends on: breakers, retries, fallbacks, statistics. */
export interface Guard {
  /**
   * Asks a target, again where that can help.
   *
   * @throws InstallerError of the last attempt, marked `exhausted`; the signal's reason when aborted
   */
  call<T>(target: Target, work: (attempt: GuardedAttempt) => Promise<T>, options?: CallOptions): Promise<T>;
  /**
   * Asks sources of the same thing, one after the other, until one gives it.
   *
   * @param name of the thing, under which it is remembered what worked
   * @throws InstallerError of the last source, with what the others said in its lines
   */
  callAny<S extends Source, T>(
    name: string,
    sources: readonly S[],
    work: (source: S, attempt: GuardedAttempt) => Promise<T>,
    options: AnyOptions,
  ): Promise<T>;
  /** Tells that a checksum was compared. */
  checked(target: Target, ok: boolean): void;
  /**
   * Tells that something else was taken in the place of what a target should have given.
   *
   * @param verified whether it is known to be the same
   */
  replaced(target: Target, to: string, verified: boolean): void;
}

export interface GuardOptions extends Omit<BreakerOptions, 'onChange'> {
  random: Random;
  classify: (error: unknown) => ErrorClass;
  mask: (text: string) => string;
  hear: (event: ResilienceEvent) => void;
  /** Ends every call. */
  signal?: AbortSignal | undefined;
  graceMs?: number;
}

const PROFILE_OF: Readonly<Record<TargetKind, ProfileName>> = {
  registry: 'registry',
  http: 'request',
  download: 'download',
  apt: 'install',
  npm: 'install',
  pip: 'install',
  git: 'install',
  command: 'install',
  ssh: 'ssh',
};
/** With another source at hand, one that fails is not insisted on. */
const ATTEMPTS_BEFORE_NEXT = 2;
/** Another source cannot help. */
const NOT_THE_SOURCE: ReadonlySet<ErrorClass> = new Set([
  'disk_full',
  'cancelled',
  'not_runnable',
  'lock_held',
  'broken_state',
]);
const LONGEST_MESSAGE = 300;

export function createGuard(options: GuardOptions): Guard {
  const { clock, store, hear, mask } = options;
  const breaker = createBreaker({
    ...options,
    onChange: (target, state) => hear({ type: 'breaker_changed', at: clock.now(), target, state }),
  });
  const guard: Guard = {
    call: (target, work, callOptions = {}) => callTarget(options, breaker, target, work, callOptions),
    async callAny(name, sources, work, { verified, ...callOptions }) {
      const idOf = (source: Source) => source.id ?? targetId(source.target);
      const ordered = orderSources(store, name, sources, idOf, clock.now());
      const failures: { id: string; error: InstallerError }[] = [];
      const began = clock.now();
      for (const [index, source] of ordered.entries()) {
        const budget = callOptions.policy?.budgetMs;
        const policy = {
          ...(index < ordered.length - 1 ? { attempts: ATTEMPTS_BEFORE_NEXT } : {}),
          ...callOptions.policy,
          ...(budget === undefined ? {} : { budgetMs: Math.max(0, budget - (clock.now() - began)) }),
        };
        try {
          const result = await guard.call(source.target, (attempt) => work(source, attempt), {
            ...callOptions,
            policy,
          });
          const failed = failures.map(({ id }) => id);
          await rememberSources(store, name, { failed, worked: idOf(source) }, clock.now());
          const [first] = sources;
          if (first !== undefined && source !== first) {
            guard.replaced(first.target, idOf(source), verified);
          }
          return result;
        } catch (thrown) {
          (callOptions.signal ?? options.signal)?.throwIfAborted();
          const error = toInstallerError(thrown, { class: options.classify(thrown) });
          failures.push({ id: idOf(source), error });
          if (NOT_THE_SOURCE.has(error.class)) break;
        }
      }
      await rememberSources(store, name, { failed: failures.map(({ id }) => id) }, clock.now());
      throw summarize(name, failures);
    },
    checked: (target, ok) => hear({ type: 'checksum_compared', at: clock.now(), target, ok }),
    replaced: (target, to, verified) => hear({ type: 'fallback_taken', at: clock.now(), target, to, verified }),
  };
  return guard;

  function summarize(name: string, failures: readonly { id: string; error: InstallerError }[]): InstallerError {
    const last = failures.at(-1)?.error;
    if (last === undefined) return new InstallerError('usage', `there is no source for ${name}`);
    if (failures.length === 1) return last;
    return last.with({ lines: failures.map(({ id, error }) => mask(`${id}: ${error.message}`)) });
  }
}

async function callTarget<T>(
  { clock, random, classify, mask, hear, signal: always, graceMs }: GuardOptions,
  { admit, report }: Breaker,
  target: Target,
  work: (attempt: GuardedAttempt) => Promise<T>,
  { profile, policy: changes, between, signal = always, breaker: guarded = true }: CallOptions,
): Promise<T> {
  const policy = changePolicy(PROFILES[profile ?? PROFILE_OF[target.kind]], changes);
  const began = clock.now();
  let attemptBegan = began;
  let requests: TimedRequest[] = [];
  const facts = () => ({
    target,
    at: clock.now(),
    durationMs: clock.now() - attemptBegan,
    elapsedMs: clock.now() - began,
    ...(requests.length === 0 ? {} : { requests }),
  });
  /** Told when it has ended; it began when the one before it ended. */
  const tell = (request: RequestFacts): void => {
    const startedAt = requests.at(-1)?.endedAt ?? attemptBegan;
    requests.push({ ...request, url: mask(printableUrl(request.url)), startedAt, endedAt: clock.now() });
  };
  const reports: Promise<void>[] = [];
  try {
    return await retry(
      async (attempt) => {
        attemptBegan = clock.now();
        requests = [];
        const result = await work({ ...attempt, tell });
        if (!attempt.isAbandoned()) {
          hear({ type: 'target_tried', ...facts(), attempt: attempt.number });
          if (guarded) await report(target);
        }
        return result;
      },
      {
        policy,
        clock,
        random,
        signal,
        classify,
        ...(graceMs === undefined ? {} : { graceMs }),
        prepare: async () => {
          if (!guarded) return;
          await Promise.all(reports);
          const left = (policy.budgetMs ?? Number.POSITIVE_INFINITY) - (clock.now() - began);
          try {
            await admit(target, Math.min(policy.maxDelayMs, left), signal);
          } catch (thrown) {
            if (thrown instanceof InstallerError && signal?.aborted !== true) {
              hear({ type: 'target_rejected', target, at: clock.now() });
            }
            throw thrown;
          }
        },
        onFailure: ({ attempt, error, class: errorClass, retryInMs }) => {
          if (signal?.aborted) return;
          const message = mask(messageOf(error));
          const again = retryInMs === undefined ? {} : { retryInMs };
          hear({ type: 'target_tried', ...facts(), attempt, class: errorClass, message, ...again });
          if (guarded) reports.push(report(target, { class: errorClass, message }));
        },
        ...(between === undefined ? {} : { between }),
      },
    );
  } catch (thrown) {
    signal?.throwIfAborted();
    throw toInstallerError(thrown, { class: classify(thrown) }).with({ exhausted: true });
  } finally {
    await Promise.all(reports);
  }
}

function messageOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split('\n', 1)[0] ?? '').slice(0, LONGEST_MESSAGE);
}
