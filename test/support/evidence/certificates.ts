import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Pair {
  key: string;
  cert: string;
}

/** Certificates, and `ca`, the path of the authority that signed all but the self-signed one; only `good` should be accepted. */
export interface TlsFiles {
  ca: string;
  selfSigned: Pair;
  expired: Pair;
  otherName: Pair;
  /** For localhost and 127.0.0.1. */
  good: Pair;
}

/** Makes them with openssl (3 or newer) below a folder. */
export function makeCertificates(folder: string): TlsFiles {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const newKey = (name: string) => ['-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`];
  const pair = (name: string): Pair => ({
    key: readFileSync(join(folder, `${name}.key`), 'utf8'),
    cert: readFileSync(join(folder, `${name}.crt`), 'utf8'),
  });
  const makeSelfSigned = (name: string, subject: string) =>
    openssl('req', '-x509', ...newKey(name), '-out', `${name}.crt`, '-days', '3650', '-subj', subject);
  const makeSigned = (name: string, names: string, ...days: string[]) => {
    openssl('req', ...newKey(name), '-out', `${name}.csr`, '-subj', '/CN=peer', '-addext', `subjectAltName=${names}`);
    const by = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-copy_extensions', 'copyall'];
    openssl('x509', '-req', '-in', `${name}.csr`, ...by, '-out', `${name}.crt`, ...days);
  };
  makeSelfSigned('ca', '/CN=authority');
  makeSelfSigned('selfSigned', '/CN=127.0.0.1');
  makeSigned('expired', 'IP:127.0.0.1', '-days', '-1');
  makeSigned('otherName', 'DNS:elsewhere.invalid', '-days', '3650');
  makeSigned('good', 'DNS:localhost,IP:127.0.0.1', '-days', '3650');
  return {
    ca: join(folder, 'ca.crt'),
    selfSigned: pair('selfSigned'),
    expired: pair('expired'),
    otherName: pair('otherName'),
    good: pair('good'),
  };
}
