import * as z from 'zod';
import { InstallerError } from '../../errors/installer-error.ts';
import type { CheckEnv } from './check.ts';
import { withoutPassword } from './docker-hint.ts';

/** What the checks read of `docker info`; fields as the engine's API names them (GET /info, SystemInfo). */
const dockerInfoSchema = z.object({
  ServerVersion: z.string(),
  Name: z.string().default(''),
  OperatingSystem: z.string().default(''),
  DockerRootDir: z.string().default(''),
  MemTotal: z.number().default(0),
  NCPU: z.number().default(0),
  CgroupVersion: z.string().default(''),
  MemoryLimit: z.boolean().optional(),
  PidsLimit: z.boolean().optional(),
  CpuCfsQuota: z.boolean().optional(),
  SystemTime: z.string().default(''),
  HttpsProxy: z.string().default(''),
  NoProxy: z.string().default(''),
  SecurityOptions: z.array(z.string()).nullish(),
  RegistryConfig: z.object({ Mirrors: z.array(z.string()).nullish() }).nullish(),
});
export type DockerInfo = z.infer<typeof dockerInfoSchema>;

export type DockerAnswer =
  /** `receivedAt`: milliseconds since the epoch by our clock, to compare with `SystemTime`. */
  | { reached: true; info: DockerInfo; receivedAt: number }
  | { reached: false; why: 'not_installed' | 'not_allowed' | 'no_answer' | 'not_docker'; reason: string };

const ASK_TIMEOUT_MS = 12_000;

/** Asks the Docker engine once per round for what it says of itself. Never rejects, but when the run is stopped. */
export function askDocker(env: CheckEnv): Promise<DockerAnswer> {
  return env.once('docker info', () => ask(env));
}

async function ask(env: CheckEnv): Promise<DockerAnswer> {
  try {
    const args = ['info', '--format', '{{json .}}'];
    const answer = await env.query({ file: 'docker', args, timeoutMs: ASK_TIMEOUT_MS });
    return readAnswer(answer.stdout, answer.stderr, env.clock.now());
  } catch (thrown) {
    if (!(thrown instanceof InstallerError)) throw thrown;
    if (thrown.class === 'not_runnable') {
      return { reached: false, why: 'not_installed', reason: 'the program docker is not on the PATH' };
    }
    if (thrown.class === 'network_timeout') {
      return {
        reached: false,
        why: 'no_answer',
        reason: 'it takes the connection but does not answer',
      };
    }
    throw thrown;
  }
}

/** The exit code does not tell: some versions of the client end with 0 without having reached an engine. */
function readAnswer(stdout: string, stderr: string, receivedAt: number): DockerAnswer {
  const raw = parseJson(stdout);
  const parsed = dockerInfoSchema.safeParse(raw);
  if (parsed.success && parsed.data.ServerVersion !== '') return { reached: true, info: parsed.data, receivedAt };
  if (typeof raw === 'object' && raw !== null && 'host' in raw && 'store' in raw) {
    return { reached: false, why: 'not_docker', reason: 'the program docker on the PATH is Podman’s stand-in' };
  }
  const reason = withoutPassword(lastLine(stderr) ?? lastLine(stdout) ?? 'docker info gave no answer');
  return { reached: false, why: /permission denied/i.test(stderr) ? 'not_allowed' : 'no_answer', reason };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Without an engine some versions print nothing, or an error, to stdout.
    return undefined;
  }
}

function lastLine(text: string): string | undefined {
  const line = text.trim().split('\n').at(-1)?.trim();
  return line === undefined || line === '' || line.startsWith('{') ? undefined : line.replace(/^ERROR: /i, '');
}
