import type { Step } from '../../engine/step.ts';
import type { ErrorClass } from '../../errors/error-class.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { RetryPolicy } from '../../resilience/policy.ts';
import type { CommandPlace } from '../command.ts';

export interface SshStepSpec extends CommandPlace {
  /** Name, address or alias of the user's configuration. */
  host: string;
  /** Run by the shell of the other side. */
  command: string;
  user?: string;
  port?: number;
  /** Private key, relative to `cwd`. */
  identity?: string;
  /** Configuration in place of the user's. */
  config?: string;
  policy: Partial<RetryPolicy>;
}

/** Until the connection stands, in seconds; below the time of an attempt, so that ssh itself says what it waited for. */
const CONNECT_TIMEOUT_S = 20;
/** A connection that is dead is noticed after three of these, in seconds. */
const ALIVE_S = 10;
/** What ssh exits with for all trouble of its own (ssh(1), EXIT STATUS). */
const SSH_FAILED = 255;

const HINTS: Partial<Record<ErrorClass, string>> = {
  tls: 'compare the key with the one of that host, then let ssh know it: ssh HOST (or ssh-keygen -R HOST for a changed one)',
  unauthorized: 'nobody is asked for a password: add your public key to that host (ssh-copy-id), or start an ssh-agent',
};

/** Body of a step that runs a command on another host. What decides about host keys is the user's own configuration. */
export function sshBody(spec: SshStepSpec): Pick<Step, 'inputs' | 'apply'> {
  const { host, user, port, command, env, secrets, cwd, policy } = spec;
  const words = sshWords(spec);
  return {
    inputs: () => ({
      ssh: `${user === undefined ? '' : `${user}@`}${host}${port === undefined ? '' : `:${port}`}`,
      command,
    }),
    apply: async (ctx) => {
      const target = { kind: 'ssh', name: port === undefined ? host : `${host}:${port}` } as const;
      await ctx.guard.call(
        target,
        async ({ signal }) => {
          try {
            const given = { ...(env === undefined ? {} : { env }), ...(secrets === undefined ? {} : { secrets }) };
            await ctx.exec({ file: 'ssh', args: words, cwd, signal, ...given });
          } catch (thrown) {
            signal.throwIfAborted();
            throw explain(thrown, host);
          }
        },
        { profile: 'ssh', policy },
      );
      return undefined;
    },
  };
}

function sshWords({ host, user, port, command, identity, config }: SshStepSpec): readonly string[] {
  return [
    ...(config === undefined ? [] : ['-F', config]),
    ...['-o', 'BatchMode=yes', '-o', `ConnectTimeout=${CONNECT_TIMEOUT_S}`, '-o', `ServerAliveInterval=${ALIVE_S}`],
    ...(identity === undefined ? [] : ['-i', identity]),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(user === undefined ? [] : ['-l', user]),
    ...['--', host, command],
  ];
}

/** Tells trouble of the connection, which may pass, from a command that failed on the other side. */
function explain(thrown: unknown, host: string): unknown {
  if (!(thrown instanceof InstallerError) || thrown.details.childExit === undefined) return thrown;
  const { childExit, tail = [] } = thrown.details;
  if (childExit !== SSH_FAILED) {
    return new InstallerError('step_failed', `the command on ${host} exited with ${childExit}`, thrown.details);
  }
  const hint = HINTS[thrown.class];
  return new InstallerError('step_failed', `ssh could not reach ${host}: ${tail.at(-1) ?? 'it says not why'}`, {
    ...thrown.details,
    ...(hint === undefined ? {} : { hint: hint.replaceAll('HOST', host) }),
  });
}
