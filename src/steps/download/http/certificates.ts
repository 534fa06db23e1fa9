import { readFile } from 'node:fs/promises';
import type { SecureContext } from 'node:tls';
import { InstallerError } from '../../../errors/installer-error.ts';
import type { HttpSettings } from './exchange.ts';

/**
 * The certificate authorities to trust: the usual ones, and those of `ca`, SSL_CERT_FILE and NODE_EXTRA_CA_CERTS. For
 * all connections: each that read them for itself would take megabytes.
 *
 * @returns undefined when only the usual ones are
 * @throws InstallerError `config` when a file cannot be read
 */
export async function trustedAuthorities({ ca, env }: HttpSettings): Promise<SecureContext | undefined> {
  const files: readonly (readonly [string, string | undefined])[] = [
    ['--ca', ca],
    ['SSL_CERT_FILE', env.SSL_CERT_FILE],
    ['NODE_EXTRA_CA_CERTS', env.NODE_EXTRA_CA_CERTS],
  ];
  const wanted = files.filter((file): file is [string, string] => file[1] !== undefined && file[1] !== '');
  if (wanted.length === 0) return undefined;
  const more = await Promise.all(wanted.map(([from, path]) => readCertificates(from, path)));
  const { createSecureContext, getCACertificates } = await import('node:tls');
  return createSecureContext({ ca: [...getCACertificates('default'), ...more] });
}

async function readCertificates(from: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new InstallerError('config', `${from}: the certificates cannot be read: ${why}`, { cause: thrown });
  }
}
