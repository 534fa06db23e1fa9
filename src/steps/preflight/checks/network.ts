import { parseReference } from '../../../images/reference.ts';
import type { Check, CheckEnv, Finding } from '../check.ts';
import { askDocker } from '../docker-info.ts';
import { askRegistry, type RegistryAnswer } from '../registry-probe.ts';
import type { ClockReference } from './clock.ts';

/** References of images that still have to be pulled; with none, no registry is asked. Undefined: it cannot be told. */
export type MissingImages = (env: CheckEnv) => Promise<readonly string[] | undefined>;

interface Asked {
  registry: string;
  /** The hosts by which its images are had, each with its answer; one good one is enough. */
  answers: readonly { host: string; answer: RegistryAnswer }[];
}

/** For the engine's answers and, after them, the registries'. */
const REGISTRIES_TIMEOUT_MS = 25_000;
const DOCKER_HUB = 'docker.io';
/** The host that serves images of docker.io. */
const DOCKER_HUB_API = 'registry-1.docker.io';
const OFFLINE = 'or go without: --image-mirror PREFIX, or load the images into Docker first';

/** Whether the registries from which images must be pulled can be reached, all at once: name, connection, TLS, proxy. */
export function registriesCheck(missing: MissingImages): Check {
  return {
    id: 'registries',
    title: 'image registries',
    timeoutMs: REGISTRIES_TIMEOUT_MS,
    run: (env) => checkRegistries(missing, env),
  };
}

async function checkRegistries(missing: MissingImages, env: CheckEnv): Promise<Finding | undefined> {
  const images = await missing(env);
  if (images === undefined) return undefined;
  if (images.length === 0) return { level: 'ok', message: 'not needed, no image has to be pulled' };
  const asked = await askAll(images, env);
  const pulls = `${images.length} image${images.length === 1 ? '' : 's'} to pull`;
  const bad = asked.filter(({ answers }) => !answers.some(({ answer }) => isGood(answer)));
  if (bad.length === 0) {
    return { level: 'ok', message: `${asked.map(({ registry }) => registry).join(', ')} can be reached; ${pulls}` };
  }
  const answers = bad.flatMap((one) => one.answers);
  const message = `${answers.map(({ host, answer }) => `${host}: ${describe(answer)}`).join('; ')} (${pulls})`;
  return { level: 'error', message, hint: `${hintFor(answers[0]?.answer)}; ${OFFLINE}` };
}

/** The Date header of a registry that is asked anyway; no request is made for the sake of the clock. */
export function registryClock(missing: MissingImages): ClockReference {
  return {
    name: 'the registry’s clock',
    hint: 'set the clock: sudo timedatectl set-ntp true',
    offsetMs: async (env) => {
      const answers = (await askAll((await missing(env)) ?? [], env)).flatMap((asked) => asked.answers);
      const dated = answers.map(({ answer }) => (answer.reached ? answer.offsetMs : undefined));
      return dated.find((offset) => offset !== undefined);
    },
  };
}

async function askAll(images: readonly string[], env: CheckEnv): Promise<readonly Asked[]> {
  const registries = [...new Set(images.map((image) => parseReference(image).registry))];
  return await Promise.all(
    registries.map(async (registry) => {
      const { hosts, proxies } = await findWay(registry, env);
      const ask = async (host: string) => ({ host, answer: await askRegistry(env, host, proxies) });
      return { registry, answers: await Promise.all(hosts.map(ask)) };
    }),
  );
}

/** The engine pulls by its own mirrors and its own proxy; without a proxy of its own, ours is the best guess. */
async function findWay(
  registry: string,
  env: CheckEnv,
): Promise<{ hosts: readonly string[]; proxies: CheckEnv['env'] }> {
  const answer = await askDocker(env);
  const info = answer.reached ? answer.info : undefined;
  const hub = registry === DOCKER_HUB;
  const mirrors = hub ? (info?.RegistryConfig?.Mirrors ?? []) : [];
  const proxies =
    info === undefined || info.HttpsProxy === '' ? env.env : { https_proxy: info.HttpsProxy, no_proxy: info.NoProxy };
  return { hosts: [...mirrors, hub ? DOCKER_HUB_API : registry], proxies };
}

function isGood(answer: RegistryAnswer): boolean {
  return answer.reached && answer.status < 500;
}

function describe(answer: RegistryAnswer): string {
  if (answer.reached) return `answers with ${answer.status}`;
  const kinds: Partial<Record<typeof answer.class, string>> = {
    dns: 'its name cannot be resolved',
    tls: 'its certificate is not trusted',
    network_timeout: 'no connection',
    network_reset: 'no connection',
  };
  const kind = kinds[answer.class];
  return kind === undefined ? answer.reason : `${kind} (${answer.reason})`;
}

function hintFor(answer: RegistryAnswer | undefined): string {
  if (answer === undefined || answer.reached) return 'wait until the registry is well again';
  if (answer.class === 'dns') return 'check the name server and the network, behind a proxy set HTTPS_PROXY';
  if (answer.class === 'tls') {
    return 'give the certificate of your proxy to Docker and, by NODE_EXTRA_CA_CERTS, to this program';
  }
  return 'check the network and the firewall, behind a proxy set HTTPS_PROXY';
}
