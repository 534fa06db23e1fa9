import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import { resolve } from 'node:path';
import type { QueryResult } from '../../engine/step.ts';
import { deepestMessage } from '../../errors/deepest-message.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { Readiness } from '../../resilience/wait-until.ts';
import { describeAnswer, mismatchOf } from '../http/expect-answer.ts';
import { sendOnce } from '../http/send-once.ts';
import type { WaitTarget } from './wait-target.ts';

export interface LookEnv {
  /** Relative paths start here. */
  cwd: string;
  /** For proxies. */
  env: Readonly<Record<string, string | undefined>>;
  /** Runs a command for a short answer; ended by the signal. */
  query(words: readonly string[], signal: AbortSignal): Promise<QueryResult>;
}

/**
 * One look at a target.
 *
 * @throws the signal's reason when aborted; InstallerError for a command that cannot be started. Anything else that is
 *   wrong is the reason why it is not ready
 */
export async function lookAt(target: WaitTarget, env: LookEnv, signal: AbortSignal): Promise<Readiness> {
  signal.throwIfAborted();
  switch (target.kind) {
    case 'http':
      return await lookAtUrl(target, env, signal);
    case 'tcp':
      return await lookAtPort(target, signal);
    case 'file':
      return await lookAtFile(resolve(env.cwd, target.path));
    case 'command':
      return await lookByCommand(target.words, env, signal);
  }
}

async function lookAtUrl(
  { url, expected }: Extract<WaitTarget, { kind: 'http' }>,
  { env }: LookEnv,
  signal: AbortSignal,
): Promise<Readiness> {
  try {
    const answer = await sendOnce({ method: 'GET', url, headers: {}, env, signal });
    const reason = mismatchOf(answer, expected);
    return reason === undefined ? { ready: true, answer: describeAnswer(answer) } : { ready: false, reason };
  } catch (thrown) {
    signal.throwIfAborted();
    return { ready: false, reason: thrown instanceof InstallerError ? thrown.message : deepestMessage(thrown) };
  }
}

async function lookAtPort(
  { host, port }: Extract<WaitTarget, { kind: 'tcp' }>,
  signal: AbortSignal,
): Promise<Readiness> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal });
    return { ready: true, answer: 'connected' };
  } catch (thrown) {
    signal.throwIfAborted();
    return { ready: false, reason: deepestMessage(thrown) };
  } finally {
    socket.on('error', () => undefined).destroy();
  }
}

async function lookAtFile(path: string): Promise<Readiness> {
  try {
    await access(path);
    return { ready: true, answer: 'is there' };
  } catch (thrown) {
    const missing = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    return { ready: false, reason: missing ? 'no such file' : deepestMessage(thrown) };
  }
}

async function lookByCommand(words: readonly string[], env: LookEnv, signal: AbortSignal): Promise<Readiness> {
  const { exitCode, stdout, stderr } = await env.query(words, signal);
  if (exitCode === 0) return { ready: true, answer: lastLine(stdout) || 'exited with 0' };
  const said = lastLine(stderr) || lastLine(stdout);
  const how = exitCode === null ? 'was ended by a signal' : `exited with ${exitCode}`;
  return { ready: false, reason: said === '' ? how : `${how}: ${said}` };
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.slice(0, 200) ?? '';
}
