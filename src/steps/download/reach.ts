import { classifyError } from '../../errors/classify-error.ts';
import { type InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import { whichProgram } from '../tools/find-program.ts';
import { CURL, createChildClient, WGET } from './http/child-client.ts';
import type { HttpClient, HttpSettings } from './http/exchange.ts';
import { createOwnClient } from './http/own-client.ts';

export interface Reached {
  client: HttpClient;
  /** Another program speaks for us. */
  by?: 'curl' | 'wget';
}

/** Finds a client that gets through: our own; where it does not, curl, then wget. What got through is kept. */
export interface Reach {
  /**
   * @param use fetches with a client, and says when the server has answered
   * @throws InstallerError of our own client, with what the others said in its lines
   */
  attempt<T>(use: (reached: Reached, answered: () => void) => Promise<T>, signal: AbortSignal): Promise<T>;
}

/**
 * Trouble on the way that another program may not have: it knows other certificates, other ways to log in at a proxy.
 * Refused by a proxy, or reset before the server has said a word.
 */
const ON_THE_WAY: ReadonlySet<string> = new Set(['tls', 'unauthorized', 'network_reset']);

/** @param onFallback told once, when another program got through */
export function createReach(settings: HttpSettings, onFallback: (by: 'curl' | 'wget', why: string) => void): Reach {
  let reached: Reached = { client: createOwnClient(settings) };
  /** Tried once: when they do not get through either, it is not our client that is the trouble. */
  let othersTried = false;
  return {
    async attempt(use, signal) {
      let answers = 0;
      const answered = () => {
        answers += 1;
      };
      try {
        return await use(reached, answered);
      } catch (thrown) {
        signal.throwIfAborted();
        const own = toInstallerError(thrown, { class: classifyError(thrown) });
        if (answers > 0 || othersTried || reached.by !== undefined || !ON_THE_WAY.has(own.class)) throw thrown;
        othersTried = true;
        return await tryOthers(own, use, signal);
      }
    },
  };

  async function tryOthers<T>(
    own: InstallerError,
    use: (reached: Reached, answered: () => void) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const lines: string[] = [];
    for (const program of [CURL, WGET]) {
      const path = await whichProgram(program.name, settings.env);
      if (path === undefined) continue;
      const other: Reached = { client: createChildClient(program, path, settings), by: program.name };
      let got = false;
      const answered = () => {
        if (!got) onFallback(program.name, own.message);
        got = true;
        reached = other;
      };
      try {
        return await use(other, answered);
      } catch (thrown) {
        signal.throwIfAborted();
        // It got through: what it says now is the truth.
        if (got) throw thrown;
        lines.push(toInstallerError(thrown).message);
      }
    }
    throw own.with({ lines });
  }
}
