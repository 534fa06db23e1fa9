import type { InstallerError } from '../../errors/installer-error.ts';
import { toInstallerError } from '../../errors/installer-error.ts';
import type { Guard } from '../../resilience/guard.ts';
import type { Target } from '../../resilience/target.ts';
import { calmGuard } from '../calm-guard.ts';
import { formatReference } from '../reference.ts';
import type { RegistryApi, Repository } from '../registry/api.ts';
import { unreachable } from '../registry/connections.ts';
import type { Descriptor } from '../registry/manifest.ts';
import { openBlob } from '../registry/read.ts';
import { hasBlob, sendBlob, startUpload } from '../registry/write.ts';
import { readVerified } from './read-verified.ts';

export interface CopyPorts {
  api: RegistryApi;
  guard: Pick<Guard, 'call' | 'checked'>;
  signal?: AbortSignal | undefined;
}

interface BlobPorts extends CopyPorts {
  source: Pick<Guard, 'call'>;
  target: Pick<Guard, 'call'>;
}

/** Puts a blob of one repository into another. @returns bytes that were sent; 0: it was there, or was mounted */
export type CopyBlob = (from: Repository, to: Repository, blob: Descriptor) => Promise<number>;

/** Blobs in flight at once: each holds a few pieces of 64 KiB in memory. */
const LIMIT = 6;

/** A copier that sends each blob to a registry once, however many repositories want it. */
export function createBlobCopier({ guard, ...rest }: CopyPorts): CopyBlob {
  // Two, since a copy asks the source while it asks the target, and both may be one registry.
  const ports: BlobPorts = { ...rest, guard, source: calmGuard(guard), target: calmGuard(guard) };
  const placed = new Map<string, { repository: string; done: Promise<number> }>();
  const run = createGate(LIMIT);

  return async (from, to, blob) => {
    const key = `${to.registry} ${blob.digest}`;
    const first = placed.get(key);
    if (first === undefined) {
      const done = run(() => copyBlob(ports, from, to, blob, undefined));
      placed.set(key, { repository: to.repository, done });
      return await done;
    }
    const isThere = await first.done.then(
      () => true,
      () => false,
    );
    if (isThere && first.repository === to.repository) return 0;
    return await run(() => copyBlob(ports, from, to, blob, isThere ? first.repository : undefined));
  };
}

async function copyBlob(
  { api, guard, signal, ...calm }: BlobPorts,
  from: Repository,
  to: Repository,
  blob: Descriptor,
  mount: string | undefined,
): Promise<number> {
  const name = `${formatReference(from)}@${blob.digest}`;
  const source: Target = { kind: 'registry', name: from.registry };
  const options = { profile: 'download', ...(signal === undefined ? {} : { signal }) } as const;
  let sourceFailure: InstallerError | undefined;
  const open = (at: number) =>
    calm.source.call(source, () => openBlob(api, from, blob.digest, { from: at, signal }), options);

  /** The source's trouble is not the target's: it must neither be tried again here nor be held against the target. */
  async function* read(): AsyncGenerator<Buffer> {
    try {
      yield* readVerified(name, blob, open, (thrown) => unreachable(from.registry, thrown));
    } catch (thrown) {
      sourceFailure = toInstallerError(thrown);
      throw thrown;
    }
  }

  const sent = await calm.target.call(
    { kind: 'registry', name: to.registry },
    async (attempt) => {
      if (await hasBlob(api, to, blob.digest, attempt.signal)) return 0;
      const mounted = mount ?? (from.registry === to.registry ? from.repository : undefined);
      const location = await startUpload(api, to, blob.digest, { mount: mounted, signal: attempt.signal });
      if (location === undefined) return 0;
      try {
        await sendBlob(api, to, location, blob, read(), attempt.signal);
      } catch (thrown) {
        if (sourceFailure === undefined) throw thrown;
      }
      return blob.size;
    },
    options,
  );
  if (sourceFailure !== undefined) {
    if (sourceFailure.class === 'checksum') guard.checked(source, false);
    throw sourceFailure;
  }
  if (sent > 0) guard.checked(source, true);
  return sent;
}

/** Lets so many at once do their work, the others wait in order. */
function createGate(places: number): <T>(work: () => Promise<T>) => Promise<T> {
  let free = places;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}
