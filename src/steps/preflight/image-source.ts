import type { CheckEnv } from './check.ts';
import { askDocker } from './docker-info.ts';

/** References that a plan needs, with mirrors applied already, such as `grafana/loki:3.7.8`. */
export type NeededImages = () => Promise<readonly string[]>;

/**
 * Those of the needed images that the local Docker engine does not have; undefined without an engine, as another check tells.
 *
 * @param done step with which all images have arrived: after it, none is missing
 */
export async function findMissingImages(
  env: CheckEnv,
  needed: NeededImages,
  done: string,
): Promise<readonly string[] | undefined> {
  if (env.isDone(done)) return [];
  if (!(await askDocker(env)).reached) return undefined;
  const images = [...new Set(await needed())];
  const there = await Promise.all(images.map((image) => isLocal(env, image)));
  return images.filter((_image, index) => there[index] === false);
}

function isLocal(env: CheckEnv, image: string): Promise<boolean> {
  return env.once(`docker image ${image}`, async () => {
    const args = ['image', 'inspect', '--format', '{{.Id}}', image];
    return (await env.query({ file: 'docker', args })).exitCode === 0;
  });
}
