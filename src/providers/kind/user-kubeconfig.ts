import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import * as z from 'zod';
import type { StepContext } from '../../engine/step.ts';
import type { ClusterConfig } from '../provider.ts';
import { lastLine } from './docker.ts';
import { contextOf, kubeconfigPath, programEnv } from './names.ts';

const kubeconfig = z.object({
  clusters: z.array(z.object({ cluster: z.object({ server: z.string(), 'certificate-authority-data': z.string() }) })),
  users: z.array(
    z.object({ user: z.object({ 'client-certificate-data': z.string(), 'client-key-data': z.string() }) }),
  ),
});

/** client-go takes a lock file and gives up at once where another program holds it. */
const TRIES = 10;
const PAUSE_MS = 150;

/**
 * Adds the cluster to the user's own kubeconfig, as kind does, but leaves their current context alone, unless they have
 * none. What cannot be written there is a notice: the installation has a kubeconfig of its own.
 */
export async function publishKubeconfig(ctx: StepContext, config: ClusterConfig): Promise<void> {
  // Without a home kubectl would write into the root folder.
  if (!config.env.KUBECONFIG && !config.env.HOME) return;
  const name = contextOf(config.cluster);
  const folder = await mkdtemp(join(config.dataDir, '.certificates-'));
  try {
    const own = kubeconfig.parse(parse(await readFile(kubeconfigPath(config), 'utf8')));
    const cluster = own.clusters[0]?.cluster;
    const user = own.users[0]?.user;
    if (cluster === undefined || user === undefined) return;
    // kubectl reads certificates and keys from files: no key ever stands on a command line.
    const write = async (file: string, base64: string) => {
      const path = join(folder, file);
      await writeFile(path, Buffer.from(base64, 'base64'), { mode: 0o600 });
      return path;
    };
    const authority = await write('ca.crt', cluster['certificate-authority-data']);
    const certificate = await write('client.crt', user['client-certificate-data']);
    const key = await write('client.key', user['client-key-data']);
    const embed = '--embed-certs=true';
    const failure =
      (await edit(ctx, config, [
        'set-cluster',
        name,
        `--server=${cluster.server}`,
        `--certificate-authority=${authority}`,
        embed,
      ])) ??
      (await edit(ctx, config, [
        'set-credentials',
        name,
        `--client-certificate=${certificate}`,
        `--client-key=${key}`,
        embed,
      ])) ??
      (await edit(ctx, config, ['set-context', name, `--cluster=${name}`, `--user=${name}`])) ??
      ((await hasCurrentContext(ctx, config)) ? undefined : await edit(ctx, config, ['use-context', name]));
    if (failure === undefined) return;
    ctx.notice(
      `your kubeconfig was not changed (${failure}); to use kubectl: export KUBECONFIG=${kubeconfigPath(config)}`,
      'warning',
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Takes our entries out again, and the current context if it is ours. Safe to repeat. */
export async function withdrawKubeconfig(ctx: StepContext, config: ClusterConfig): Promise<void> {
  if (!config.env.KUBECONFIG && !config.env.HOME) return;
  const name = contextOf(config.cluster);
  const current = await ctx.query(configCommand(config, ['current-context']));
  if (current.stdout.trim() === name) await edit(ctx, config, ['unset', 'current-context']);
  for (const what of ['delete-context', 'delete-cluster', 'delete-user']) await edit(ctx, config, [what, name]);
}

async function hasCurrentContext(ctx: StepContext, config: ClusterConfig): Promise<boolean> {
  return (await ctx.query(configCommand(config, ['current-context']))).exitCode === 0;
}

/** @returns what went wrong */
async function edit(ctx: StepContext, config: ClusterConfig, args: readonly string[]): Promise<string | undefined> {
  for (let tries = 1; ; tries += 1) {
    const { exitCode, stderr } = await ctx.query(configCommand(config, args));
    if (exitCode === 0) return undefined;
    if (!/\.lock: file exists/.test(stderr) || tries === TRIES) return lastLine(stderr);
    await ctx.clock.sleep(PAUSE_MS * (0.5 + ctx.random()), ctx.signal);
  }
}

function configCommand(config: ClusterConfig, args: readonly string[]) {
  return { file: 'kubectl', args: ['config', ...args], env: programEnv(config) };
}
