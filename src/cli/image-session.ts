import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type KnownPlatforms, openKnownPlatforms } from '../images/known-platforms.ts';
import { containerPlatform, type Platform, parsePlatform } from '../images/platform.ts';
import { openRegistryApi, type RegistryApi } from '../images/registry/api.ts';
import { dockerCredentials } from '../images/registry/credentials.ts';
import { CREATE_CLUSTER } from '../plans/create-cluster/plan.ts';
import { packageFolder } from '../system/package-folder.ts';
import { parseDuration } from '../ui/duration.ts';
import { type GuardSession, openGuardSession } from './guard-session.ts';
import type { RawFlags } from './options.ts';
import type { Terminal } from './terminal.ts';

/** What the commands of the group `images` work with; `close` always. */
export interface ImageSession extends GuardSession {
  api: RegistryApi;
  platform: Platform;
  known: KnownPlatforms;
}

/** @throws InstallerError `usage` for `--platform` or `--timeout` */
export async function openImageSession(title: string, flags: RawFlags, terminal: Terminal): Promise<ImageSession> {
  const platform =
    flags.platform === undefined ? containerPlatform(process.arch) : parsePlatform(String(flags.platform));
  const timeoutMs = flags.timeout === undefined ? undefined : parseDuration(String(flags.timeout), '--timeout');
  const { env, home } = terminal;
  const known = await openKnownPlatforms(join(home, 'image-platforms.json'));
  const session = openGuardSession(terminal, {
    title,
    quiet: flags.quiet === true,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  const api = openRegistryApi({
    env,
    credentials: dockerCredentials(env),
    now: Date.now,
    plainHttp: listOf(flags['plain-http']),
  });
  return {
    ...session,
    api,
    platform,
    known,
    async close() {
      await api.close();
      await known.save();
      await session.close();
    },
  };
}

/** Values of a flag that may be repeated. */
export function listOf(value: unknown): readonly string[] {
  return value === undefined ? [] : (Array.isArray(value) ? value : [value]).map(String);
}

/** Files and folders as given; `create-cluster` is what create-cluster itself applies. */
export function imagePaths(list: readonly string[]): readonly string[] {
  return list.map((path) => (path === CREATE_CLUSTER && !existsSync(path) ? packageFolder('k8s') : path));
}
