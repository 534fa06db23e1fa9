import { lookup } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import { readFile } from 'node:fs/promises';
import type { LookupFunction } from 'node:net';

/** How long the servers for names may take. */
const ANSWER_MS = 2_000;
/** Nobody has answered at all; every other answer, even that there is no such name, is quick. */
const SILENCE: ReadonlySet<unknown> = new Set(['ETIMEOUT', 'ECONNREFUSED']);

export interface LookupOptions {
  /** Whether a server for names answers. */
  resolver?: Pick<Resolver, 'resolve4'>;
  /** Path of the file of names that need no server. */
  hostsFile?: string;
  system?: LookupFunction;
}

/**
 * The system's own lookup of a name, begun only where it will end soon: it cannot be cancelled, and a process that
 * ends waits for it, which is up to half a minute when the servers for names are silent.
 */
export function createCarefulLookup({
  resolver = new Resolver({ timeout: ANSWER_MS, tries: 1 }),
  hostsFile = '/etc/hosts',
  system = lookup,
}: LookupOptions = {}): LookupFunction {
  async function isAnswered(name: string): Promise<boolean> {
    const hosts = await readFile(hostsFile, 'utf8').catch(() => '');
    if (hosts.split(/\s+/).includes(name)) return true;
    try {
      await resolver.resolve4(name);
      return true;
    } catch (thrown) {
      return !SILENCE.has((thrown as NodeJS.ErrnoException).code);
    }
  }

  return (name, options, callback) => {
    void isAnswered(name).then((answered) => {
      if (answered) return system(name, options, callback);
      const error = new Error(`the name ${name} cannot be looked up: no server for names answers`);
      callback(Object.assign(error, { code: 'EAI_AGAIN' }), '', 0);
    });
  };
}
