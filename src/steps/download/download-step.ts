import { open, rm } from 'node:fs/promises';
import { basename, isAbsolute, join } from 'node:path';
import type { Step, StepContext } from '../../engine/step.ts';
import type { RetryPolicy } from '../../resilience/policy.ts';
import { createDigest, type SumAlgorithm } from './digest.ts';
import { downloadFile } from './download-file.ts';
import { plainAddress } from './http/follow.ts';
import type { Sum } from './sums.ts';

export interface DownloadStepSpec {
  /** The first is the one that is meant, the others are taken where it fails. */
  urls: readonly string[];
  /** Path of the file; relative to `cwd`. */
  output: string;
  /** Folder of the plan. */
  cwd: string;
  sum?: Sum;
  sumsUrl?: string;
  signature?: { url: string; keyring: string };
  ca?: string;
  /** Permission bits. */
  mode?: number;
  /** Most connections at the same time. */
  streams?: number;
  policy: Partial<RetryPolicy>;
}

/** Body of a step that has a file when it is done: there with the checksum that it should have, it is not fetched again. */
export function downloadBody(spec: DownloadStepSpec): Pick<Step, 'inputs' | 'observe' | 'apply' | 'rollback'> {
  const { urls, sum, sumsUrl, signature, ca, mode, streams, policy, cwd } = spec;
  const absolute = (path: string): string => (isAbsolute(path) ? path : join(cwd, path));
  const output = absolute(spec.output);
  return {
    inputs: () => ({
      url: plainAddress(urls[0] ?? ''),
      output: spec.output,
      ...(sum === undefined ? {} : { [sum.algorithm]: sum.hex }),
      ...(sumsUrl === undefined ? {} : { sums: plainAddress(sumsUrl) }),
      // A file that was fetched without one, or trusted by another key, is fetched and checked again.
      ...(signature === undefined ? {} : { signature: plainAddress(signature.url), keyring: signature.keyring }),
      ...(mode === undefined ? {} : { mode: mode.toString(8) }),
    }),
    async observe(ctx) {
      // Without a published one, what was fetched last is what is wanted.
      const wanted = sum ?? recordedSum(ctx);
      const found = await sumOfFile(output, wanted?.algorithm ?? 'sha256', ctx.signal);
      if (found === undefined) return { state: 'absent' };
      if (wanted === undefined)
        return { state: 'absent', reason: `${spec.output} is there, but nobody knows from where` };
      return found === wanted.hex
        ? { state: 'present', outputs: { path: output, [wanted.algorithm]: found } }
        : { state: 'unhealthy', reason: `${spec.output} has another checksum` };
    },
    async apply(ctx) {
      const name = basename(output);
      const downloaded = await downloadFile(ctx.guard, {
        urls,
        output,
        env: ctx.env,
        policy,
        signal: ctx.signal,
        onNotice: (message) => ctx.log(message),
        onProgress: ({ bytes, total }) =>
          ctx.progress(`downloading ${name}`, { done: bytes, item: name, ...(total === undefined ? {} : { total }) }),
        ...(sum === undefined ? {} : { sum }),
        ...(sumsUrl === undefined ? {} : { sumsUrl }),
        ...(signature === undefined ? {} : { signature: { url: signature.url, keyring: absolute(signature.keyring) } }),
        ...(ca === undefined ? {} : { ca: absolute(ca) }),
        ...(mode === undefined ? {} : { mode }),
        ...(streams === undefined ? {} : { streams }),
      });
      const { url, bytes, resumed, verified } = downloaded;
      ctx.log(`${bytes} bytes from ${url}, ${resumed} of them were there already`);
      return { path: output, [downloaded.sum.algorithm]: downloaded.sum.hex, bytes, url, verified, fetched: true };
    },
    async rollback(ctx) {
      const { outputs = {} } = ctx.recorded ?? {};
      const made = recordedSum(ctx);
      // A file that was there before this plan is not ours.
      if (outputs.fetched !== true || made === undefined) return;
      const found = await sumOfFile(output, made.algorithm, ctx.signal);
      if (found === undefined) return;
      if (found === made.hex) await rm(output, { force: true });
      else ctx.notice(`${output} was changed since it was downloaded, and stays`);
    },
  };
}

function recordedSum({ recorded }: StepContext): Sum | undefined {
  const { sha256, sha512 } = recorded?.outputs ?? {};
  if (typeof sha256 === 'string') return { algorithm: 'sha256', hex: sha256 };
  return typeof sha512 === 'string' ? { algorithm: 'sha512', hex: sha512 } : undefined;
}

/** @returns undefined when there is no such file */
async function sumOfFile(path: string, algorithm: SumAlgorithm, signal: AbortSignal): Promise<string | undefined> {
  const file = await open(path, 'r').catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code === 'ENOENT' || thrown.code === 'ENOTDIR') return undefined;
    throw thrown;
  });
  if (file === undefined) return undefined;
  try {
    const digest = createDigest(algorithm);
    await digest.catchUp(file, (await file.stat()).size, signal);
    return digest.hex();
  } finally {
    await file.close();
  }
}
