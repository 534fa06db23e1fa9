import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as z from 'zod';
import { InstallerError } from '../../errors/installer-error.ts';
import { HUB } from '../reference.ts';

/** What a registry takes: a name and its password, or an identity token, which is exchanged for others. */
export type Credentials = { username: string; password: string } | { identityToken: string };

/** Finds the credentials of a registry by its host; undefined: there are none. */
export type FindCredentials = (registry: string) => Promise<Credentials | undefined>;

type Env = Readonly<Record<string, string | undefined>>;

// https://github.com/docker/cli/blob/master/cli/config/configfile/file.go
const entry = z.object({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
});
const configFile = z.object({
  auths: z.record(z.string(), entry).optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
  credsStore: z.string().optional(),
});
type ConfigFile = z.infer<typeof configFile>;

/** The name by which Docker keeps the credentials of its own registry. */
const HUB_KEY = 'https://index.docker.io/v1/';
const HELPER_TIMEOUT_MS = 20_000;

/**
 * Credentials as `docker login` has kept them: $DOCKER_AUTH_CONFIG (the text of such a file), then config.json in
 * $DOCKER_CONFIG or ~/.docker, whose credential helpers are asked. Each registry is looked up once.
 */
export function dockerCredentials(env: Env): FindCredentials {
  let configs: Promise<readonly ConfigFile[]> | undefined;
  const known = new Map<string, Promise<Credentials | undefined>>();
  return (registry) => {
    configs ??= readConfigs(env);
    const found = known.get(registry) ?? configs.then((all) => findIn(all, registry, env));
    known.set(registry, found);
    return found;
  };
}

async function findIn(configs: readonly ConfigFile[], registry: string, env: Env): Promise<Credentials | undefined> {
  const keys = registry === HUB ? [HUB_KEY, HUB, 'index.docker.io', 'registry-1.docker.io'] : [registry];
  for (const { auths = {}, credHelpers = {}, credsStore } of configs) {
    for (const key of keys) {
      const helper = credHelpers[key];
      const asked = helper === undefined ? undefined : await askHelper(helper, key, env);
      if (asked !== undefined) return asked;
    }
    for (const key of keys.flatMap((name) => [name, `https://${name}`, `https://${name}/v1/`, `http://${name}`])) {
      const written = auths[key];
      const read = written === undefined ? undefined : readEntry(written);
      if (read !== undefined) return read;
    }
    const stored = credsStore ? await askHelper(credsStore, keys[0] ?? registry, env) : undefined;
    if (stored !== undefined) return stored;
  }
  return undefined;
}

function readEntry({ auth, username, password, identitytoken }: z.infer<typeof entry>): Credentials | undefined {
  if (identitytoken) return { identityToken: identitytoken };
  if (username && password) return { username, password };
  const decoded = Buffer.from(auth ?? '', 'base64').toString('utf8');
  const colon = decoded.indexOf(':');
  return colon < 1 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

/** Asks `docker-credential-NAME get` (https://github.com/docker/docker-credential-helpers). */
async function askHelper(name: string, key: string, env: Env): Promise<Credentials | undefined> {
  const { execa } = await import('execa');
  const answer = await execa(`docker-credential-${name}`, ['get'], {
    input: key,
    env,
    extendEnv: false,
    reject: false,
    timeout: HELPER_TIMEOUT_MS,
  });
  // Whatever a helper cannot give, anonymous access may do; the registry will tell.
  if (answer.exitCode !== 0) return undefined;
  const parsed = z.object({ Username: z.string(), Secret: z.string() }).safeParse(parseJson(answer.stdout));
  if (!parsed.success) return undefined;
  const { Username: username, Secret: secret } = parsed.data;
  if (secret === '') return undefined;
  return username === '<token>' ? { identityToken: secret } : { username, password: secret };
}

async function readConfigs(env: Env): Promise<readonly ConfigFile[]> {
  const configs: ConfigFile[] = [];
  if (env.DOCKER_AUTH_CONFIG) configs.push(readConfig(env.DOCKER_AUTH_CONFIG, '$DOCKER_AUTH_CONFIG'));
  const path = join(env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker'), 'config.json');
  try {
    configs.push(readConfig(await readFile(path, 'utf8'), path));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
  return configs;
}

/** @throws InstallerError `config`; what the file holds is a secret and stays out of the message */
function readConfig(text: string, where: string): ConfigFile {
  const parsed = configFile.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new InstallerError('config', `${where} is no Docker configuration: ${issue?.path.join('.') || 'not JSON'}`, {
    hint: 'docker login writes it anew',
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
