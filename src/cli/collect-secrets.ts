import { readFileSync, statSync } from 'node:fs';
import { createSecrets, type Secrets } from '../engine/secrets.ts';
import { InstallerError } from '../errors/installer-error.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Variables that hold credentials by the usual naming; their values are hidden, and kept from children. */
const CREDENTIAL_NAME =
  /(?:^|_)(?:TOKEN|PASSWORD|PASSWD|PASSPHRASE|SECRET|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|CREDENTIALS?)$/i;
const SHORTEST_GUESS = 6;

/**
 * Every secret that this run knows of: declared ones (`--secret`, a plan's own), credential variables of the
 * environment, passwords inside URL-valued variables such as proxies, and headers for OTLP. A declared NAME that is not set is read from
 * the file that NAME_FILE names, which nobody else may read.
 *
 * @throws InstallerError `config` for a declared secret that is not set, or whose file others can read or nobody can
 */
export function collectSecrets(env: Env, declared: readonly string[]): Secrets {
  const named: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value.length >= SHORTEST_GUESS && CREDENTIAL_NAME.test(name)) named[name] = value;
  }
  for (const name of declared) {
    const value = env[name] ?? readSecretFile(env, name);
    if (value === undefined) throw unset(name);
    named[name] = value;
  }
  const anonymous = [
    ...Object.values(env).flatMap(passwordInUrl),
    ...Object.entries(env).flatMap(credentialsInHeaders),
  ];
  return createSecrets(named, anonymous);
}

/** Nothing is started: a name with a typing error would leave its value unmasked, or fail the last step of a long plan. */
function unset(name: string): InstallerError {
  return new InstallerError('config', `the secret ${name} is not set`, {
    hint: `export ${name}, or name its file in ${name}_FILE (chmod 600), and run the same command again`,
  });
}

function readSecretFile(env: Env, name: string): string | undefined {
  const path = env[`${name}_FILE`];
  if (path === undefined) return undefined;
  try {
    if ((statSync(path).mode & 0o077) !== 0) {
      throw new InstallerError('config', `${name}_FILE: others can read ${path}`, { hint: `chmod 600 ${path}` });
    }
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    if (cause instanceof InstallerError) throw cause;
    throw new InstallerError('config', `${name}_FILE: cannot read ${path}: ${(cause as Error).message}`, { cause });
  }
}

function passwordInUrl(value: string | undefined): string[] {
  const [, password] = /^[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*:([^\s/@]+)@/i.exec(value ?? '') ?? [];
  if (password === undefined) return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

const HEADERS_NAME = /^OTEL_EXPORTER_OTLP_(?:[A-Z]+_)?HEADERS$/;
const CREDENTIAL_HEADER = /auth|token|key|secret|password|cookie/i;

/** `name=value` pairs, percent-encoded; behind the name of a scheme (`Bearer`, `Basic`) stands the secret itself. */
function credentialsInHeaders([name, value]: [string, string | undefined]): string[] {
  if (value === undefined || !HEADERS_NAME.test(name)) return [];
  return value.split(',').flatMap((pair) => {
    const [, header = '', raw = ''] = /^([^=]+)=(.*)$/s.exec(pair.trim()) ?? [];
    if (!CREDENTIAL_HEADER.test(header)) return [];
    let text = raw;
    try {
      text = decodeURIComponent(raw);
    } catch {
      // As it stands.
    }
    return [raw, text, text.replace(/^(?:Bearer|Basic)\s+/i, '')].filter((form) => form.length >= SHORTEST_GUESS);
  });
}
