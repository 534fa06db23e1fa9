import { InstallerError } from '../errors/installer-error.ts';
import { type ImageReference, parseReference } from './reference.ts';

/** A host, optionally with a port and a path. */
const PREFIX = /^([a-z0-9][a-z0-9.-]*(?::\d{1,5})?)((?:\/[a-z0-9][a-z0-9._-]*)*)$/;

/**
 * Checks the prefix of a mirror.
 *
 * @param flag by which it was given, for the message
 * @throws InstallerError `usage`: the prefix is not a registry name
 */
export function readMirror(prefix: string, flag = '--image-mirror'): string {
  const mirror = prefix.replace(/\/+$/, '');
  if (PREFIX.test(mirror)) return mirror;
  throw new InstallerError('usage', `${flag} "${prefix}" is not a registry name`, {
    hint: `give a host, optionally with a port and a path and without a scheme: ${flag} registry.example:5000/hub`,
  });
}

/**
 * Where an image lies in a mirror: its registry replaced by the prefix, its repository (with the `library/` of Docker's
 * own images), tag and digest kept.
 *
 * @param prefix as {@link readMirror} takes it
 * @throws InstallerError `usage`: the prefix is not a registry name
 */
export function mirrored(reference: ImageReference, prefix: string): ImageReference {
  const mirror = readMirror(prefix);
  const slash = mirror.indexOf('/');
  const registry = slash < 0 ? mirror : mirror.slice(0, slash);
  const folder = slash < 0 ? '' : `${mirror.slice(slash + 1)}/`;
  return { ...reference, registry, repository: `${folder}${reference.repository}` };
}

/** The name of an image in a mirror, without tag and digest. @throws InstallerError `usage`, `config` */
export function mirroredName(reference: string, prefix: string): string {
  const { registry, repository } = mirrored(parseReference(reference), prefix);
  return `${registry}/${repository}`;
}
