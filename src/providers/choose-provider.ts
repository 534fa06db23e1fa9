import { execa } from 'execa';
import { InstallerError } from '../errors/installer-error.ts';
import type { Provider } from './provider.ts';

type Env = Readonly<Record<string, string | undefined>>;

const DOCKER_TIMEOUT_MS = 10_000;

/**
 * The provider of an installation: the recorded one, if there is one, else the one asked for; `auto` takes kind where a
 * Docker engine answers, else host, and says so.
 *
 * @throws InstallerError `needs_new_cluster` when another one than the recorded is asked for
 */
export async function chooseProvider(
  wanted: 'auto' | 'kind' | 'host' | undefined,
  recorded: string | undefined,
  env: Env,
  say: (message: string) => void,
): Promise<Provider> {
  if (recorded !== undefined) {
    if (wanted !== undefined && wanted !== 'auto' && wanted !== recorded) {
      throw new InstallerError('needs_new_cluster', `this installation is of provider ${recorded}, not ${wanted}`, {
        hint: 'keep the recorded provider, or remove the installation with --delete and create it again',
      });
    }
    return await providerNamed(recorded);
  }
  if (wanted === 'kind' || wanted === 'host') return await providerNamed(wanted);
  if (await dockerAnswers(env)) return await providerNamed('kind');
  say('no Docker engine answers: the installation is made of local processes (--provider host)');
  return await providerNamed('host');
}

/** Loaded when chosen. @throws InstallerError `state_unusable` for a name from a newer version or a hand edit */
async function providerNamed(name: string): Promise<Provider> {
  if (name === 'kind') return (await import('./kind/provider.ts')).createKindProvider();
  if (name === 'host') return (await import('./host/provider.ts')).createHostProvider();
  throw new InstallerError('state_unusable', `the state names an unknown provider: ${name}`);
}

async function dockerAnswers(env: Env): Promise<boolean> {
  const { exitCode } = await execa('docker', ['version', '--format', '{{.Server.Version}}'], {
    env: { ...env },
    extendEnv: false,
    reject: false,
    timeout: DOCKER_TIMEOUT_MS,
    stdin: 'ignore',
  });
  return exitCode === 0;
}
