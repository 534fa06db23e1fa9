import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import { whichProgram } from '../tools/find-program.ts';

export interface SignatureCheck {
  /** The signed file. */
  path: string;
  /** The detached signature, armored or not. */
  signature: Uint8Array;
  /** File of the public keys that are trusted, armored or not. */
  keyring: string;
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

/**
 * Checks a detached OpenPGP signature with `gpg`, in a home of its own: the user's keys and trust play no part.
 *
 * @returns fingerprint of the key that signed it
 * @throws InstallerError class `not_runnable` without gpg, `checksum` when it is not a good signature of a key of the ring
 */
export async function verifySignature({ path, signature, keyring, env, signal }: SignatureCheck): Promise<string> {
  const gpg = await whichProgram('gpg', env);
  if (gpg === undefined) {
    throw new InstallerError('step_failed', 'gpg is missing, without which a signature cannot be checked', {
      class: 'not_runnable',
      hint: 'install gpg (package gnupg), or leave the signature out',
    });
  }
  const home = await mkdtemp(join(tmpdir(), 'contextcore-gpg-'));
  const run = (args: readonly string[]) =>
    new Promise<{ ok: boolean; stdout: string; stderr: string }>((resolve) => {
      const words = ['--homedir', home, '--batch', '--no-autostart', '--status-fd', '1', ...args];
      execFile(gpg, words, { env: { PATH: env.PATH, LC_ALL: 'C' }, signal }, (error, stdout, stderr) =>
        resolve({ ok: error === null, stdout, stderr }),
      );
    });
  try {
    await writeFile(join(home, 'signature'), signature);
    const imported = await run(['--import', keyring]);
    if (!/^\[GNUPG:\] IMPORT_OK /m.test(imported.stdout)) {
      throw new InstallerError('step_failed', `${keyring} holds no public key: ${lastLine(imported.stderr)}`, {
        class: 'checksum',
      });
    }
    const verified = await run(['--trust-model', 'always', '--verify', join(home, 'signature'), path]);
    signal.throwIfAborted();
    const fingerprint = /^\[GNUPG:\] VALIDSIG ([0-9A-F]{40,})/m.exec(verified.stdout)?.[1];
    // GOODSIG: neither the signature nor its key is expired or revoked.
    if (verified.ok && fingerprint !== undefined && /^\[GNUPG:\] GOODSIG /m.test(verified.stdout)) return fingerprint;
    throw new InstallerError('step_failed', 'the signature is not good; the file was thrown away', {
      class: 'checksum',
      lines: [lastLine(verified.stderr)],
      hint: 'the file, its signature or the keyring is not what it should be: do not use it',
    });
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
