import { resolve } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import { type Downloaded, downloadFile } from '../../steps/download/download-file.ts';
import { parseSum, type Sum } from '../../steps/download/sums.ts';
import { systemClock } from '../../system/clock.ts';
import { keepYoungSmall } from '../../system/small-heap.ts';
import { createDownloadView } from '../../ui/download-view.ts';
import { openGuardSession } from '../guard-session.ts';
import type { RawFlags } from '../options.ts';
import type { Invocation } from '../program.ts';
import { retryChanges } from '../retry-flags.ts';
import type { Terminal } from '../terminal.ts';

/**
 * `download URL... --output FILE`. What was received when it fails or is interrupted stays for the next call.
 *
 * @returns exit code 0
 * @throws InstallerError `step_failed` with the class of the trouble, `usage`, `interrupted`
 */
export async function downloadCommand({ flags, list }: Invocation, terminal: Terminal): Promise<number> {
  const { env, stderr, stdout } = terminal;
  const text = (name: string) => flags[name] as string | undefined;
  const [output, sumsUrl, ca] = [text('output'), text('sums'), text('ca')];
  if (output === undefined) {
    throw new InstallerError('usage', 'download needs --output', {
      hint: 'contextcore-install download https://example.org/file --output file',
    });
  }
  for (const url of [...list, sumsUrl, text('signature')]) if (url !== undefined) refuseOtherAddress(url);
  const [sum, signature] = [readSum(flags), readSignature(flags)];
  const quiet = flags.quiet === true;
  const session = openGuardSession(terminal, { title: `download ${output}`, quiet });
  const view = createDownloadView({
    // One line drawn again and again is for people; a log gets the result.
    stream: quiet || flags.json === true || stderr.isTTY !== true ? undefined : stderr,
    now: systemClock.now,
  });
  keepYoungSmall();
  try {
    const began = systemClock.now();
    const downloaded = await downloadFile(session.guard, {
      urls: list,
      output: resolve(output),
      env,
      policy: retryChanges(flags),
      signal: session.signal,
      onProgress: view.show,
      onNotice: (message) => {
        view.clear();
        if (!quiet) stderr.write(`${session.mask(message)}\n`);
      },
      ...(sum === undefined ? {} : { sum }),
      ...(sumsUrl === undefined ? {} : { sumsUrl }),
      ...(signature === undefined ? {} : { signature }),
      ...(flags.streams === undefined ? {} : { streams: Number(flags.streams) }),
      ...(ca === undefined ? {} : { ca: resolve(ca) }),
    });
    view.clear();
    const ms = systemClock.now() - began;
    if (flags.json === true) stdout.write(`${JSON.stringify(asJson(downloaded, resolve(output), ms))}\n`);
    else if (!quiet) stderr.write(`${view.summary(output, downloaded, ms)}\n`);
    return 0;
  } catch (thrown) {
    view.clear();
    session.signal.throwIfAborted();
    throw thrown;
  } finally {
    await session.close();
  }
}

function asJson({ url, sum, bytes, resumed, verified }: Downloaded, output: string, ms: number): object {
  return { url, output, bytes, resumed, [sum.algorithm]: sum.hex, verified, duration_ms: ms };
}

function refuseOtherAddress(url: string): void {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return;
  throw new InstallerError('usage', `"${url}" is no address that can be downloaded`, {
    hint: 'give http://HOST/FILE or https://HOST/FILE',
  });
}

function readSum(flags: RawFlags): Sum | undefined {
  const given = (['sha256', 'sha512', 'sums'] as const).filter((name) => flags[name] !== undefined);
  if (given.length > 1) throw new InstallerError('usage', `--${given[0]} and --${given[1]} exclude each other`);
  const [algorithm] = given;
  if (algorithm === undefined || algorithm === 'sums') return undefined;
  const sum = parseSum(algorithm, String(flags[algorithm]));
  if (sum !== undefined) return sum;
  const digits = algorithm === 'sha256' ? 64 : 128;
  throw new InstallerError('usage', `--${algorithm} takes ${digits} hex digits, not "${flags[algorithm]}"`);
}

function readSignature(flags: RawFlags): { url: string; keyring: string } | undefined {
  const [url, keyring] = [flags.signature, flags.keyring];
  if (url === undefined && keyring === undefined) return undefined;
  if (url !== undefined && keyring !== undefined) return { url: String(url), keyring: resolve(String(keyring)) };
  throw new InstallerError('usage', '--signature and --keyring go together');
}
