import * as z from 'zod';
import { InstallerError } from '../../errors/installer-error.ts';
import { HUB } from '../reference.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import type { Connections } from './connections.ts';
import type { Credentials, FindCredentials } from './credentials.ts';
import { readBody } from './read-body.ts';
import { refusal } from './refusal.ts';

/** The right to do something in one repository: `repository:library/busybox:pull`. */
export type Scope = `repository:${string}:${'pull' | 'pull,push'}`;

export interface Authorizer {
  /** The header for a request, when it is known already what the registry wants to see. */
  header(registry: string, scopes: readonly Scope[]): Promise<string | undefined>;
  /**
   * Learns from an answer with status 401 what the registry wants to see.
   *
   * @returns the header for a second try
   * @throws InstallerError class `unauthorized`: it wants what we do not have
   */
  learn(registry: string, scopes: readonly Scope[], challenge: string | readonly string[] | undefined): Promise<string>;
}

const tokenAnswer = z.object({
  token: z.string().optional(),
  access_token: z.string().optional(),
  expires_in: z.number().optional(),
});
/** When the server does not say (https://distribution.github.io/distribution/spec/auth/token/). */
const DEFAULT_LIFE_S = 60;
/** A token is not used in its last moments. */
const MARGIN_MS = 5_000;

/** @param now milliseconds; the clock by which tokens end */
export function createAuthorizer(connections: Connections, find: FindCredentials, now: () => number): Authorizer {
  const challenges = new Map<string, Challenge>();
  const tokens = new Map<string, Promise<{ token: string; endsAt: number }>>();

  async function headerFor(registry: string, scopes: readonly Scope[], challenge: Challenge): Promise<string> {
    const credentials = await find(registry);
    if (challenge.scheme === 'basic') {
      if (credentials === undefined || 'identityToken' in credentials) throw needsLogin(registry);
      return basic(credentials);
    }
    const key = `${registry} ${scopes.join(' ')}`;
    const known = await tokens.get(key)?.catch(() => undefined);
    if (known !== undefined && known.endsAt > now()) return `Bearer ${known.token}`;
    const asked = tokens.get(key);
    // Of many that find it too old, the first asks for all.
    if (asked === undefined || known !== undefined) {
      const fresh = askToken(registry, scopes, challenge, credentials);
      tokens.set(key, fresh);
      fresh.catch(() => tokens.delete(key));
    }
    const { token } = await (tokens.get(key) ?? askToken(registry, scopes, challenge, credentials));
    return `Bearer ${token}`;
  }

  async function askToken(
    registry: string,
    scopes: readonly Scope[],
    { parameters: { realm = '', service } }: Challenge,
    credentials: Credentials | undefined,
  ): Promise<{ token: string; endsAt: number }> {
    if (!URL.canParse(realm)) throw refuse(registry, 'does not say where tokens are given');
    const url = new URL(realm);
    const identity =
      credentials !== undefined && 'identityToken' in credentials ? credentials.identityToken : undefined;
    const fields = [
      ...(service === undefined ? [] : [['service', service]]),
      ...scopes.map((scope) => ['scope', scope]),
    ] as [string, string][];
    // https://distribution.github.io/distribution/spec/auth/oauth/ for identity tokens, a GET for all else.
    const form = new URLSearchParams([
      ['grant_type', 'refresh_token'],
      ['client_id', 'contextcore-install'],
      ['refresh_token', identity ?? ''],
      ...fields.filter(([name]) => name !== 'scope'),
      ['scope', scopes.join(' ')],
    ]);
    if (identity === undefined) for (const [name, value] of fields) url.searchParams.append(name, value);
    const answer = await connections.send(url.href, {
      method: identity === undefined ? 'GET' : 'POST',
      headers: {
        ...(credentials !== undefined && 'username' in credentials ? { authorization: basic(credentials) } : {}),
        ...(identity === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(identity === undefined ? {} : { body: form.toString() }),
    });
    const text = (await readBody(answer.body)).toString('utf8');
    if (answer.statusCode === 401 || answer.statusCode === 403) {
      throw credentials === undefined ? needsLogin(registry) : refuse(registry, 'does not accept the credentials');
    }
    if (answer.statusCode !== 200) throw refusal(`registry ${registry}: its token server`, answer, text);
    const parsed = tokenAnswer.safeParse(parseJson(text));
    const token = parsed.data?.token ?? parsed.data?.access_token;
    if (token === undefined) throw refuse(registry, 'gives no token');
    return { token, endsAt: now() + (parsed.data?.expires_in ?? DEFAULT_LIFE_S) * 1000 - MARGIN_MS };
  }

  return {
    async header(registry, scopes) {
      const challenge = challenges.get(registry);
      return challenge === undefined ? undefined : await headerFor(registry, scopes, challenge);
    },
    async learn(registry, scopes, header) {
      const offered = parseChallenges(header);
      const challenge =
        offered.find(({ scheme }) => scheme === 'bearer') ?? offered.find(({ scheme }) => scheme === 'basic');
      if (challenge === undefined) throw needsLogin(registry);
      challenges.set(registry, challenge);
      tokens.delete(`${registry} ${scopes.join(' ')}`);
      return await headerFor(registry, scopes, challenge);
    },
  };
}

function basic({ username, password }: { username: string; password: string }): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function needsLogin(registry: string): InstallerError {
  return refuse(registry, 'asks for a login, and there are no credentials for it');
}

function refuse(registry: string, why: string): InstallerError {
  return new InstallerError('step_failed', `registry ${registry} ${why}`, {
    class: 'unauthorized',
    hint: `docker login ${registry === HUB ? '' : registry}`.trimEnd(),
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
