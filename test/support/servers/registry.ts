import { createHash } from 'node:crypto';
import { findFreePort } from '../free-port.ts';
import { type RunningServer, startServer } from './start-server.ts';

export const REGISTRY = ['docker-registry', 'registry'];

export interface RunningRegistry extends RunningServer {
  /** Host and port, as an image reference begins. */
  host: string;
}

export interface RegistryOptions {
  /** Asks for user `somebody` with password `secret`. */
  login?: boolean;
}

/** bcrypt of `secret`. */
const HTPASSWD = 'somebody:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a\n';

/** A real registry with nothing in it. */
export async function startRegistry({ login = false }: RegistryOptions = {}): Promise<RunningRegistry> {
  const port = await findFreePort();
  const config = (folder: string) => ({
    version: '0.1',
    log: { level: 'warn' },
    storage: { filesystem: { rootdirectory: `${folder}/data` }, delete: { enabled: true } },
    http: { addr: `127.0.0.1:${port}` },
    ...(login ? { auth: { htpasswd: { realm: 'test', path: `${folder}/htpasswd` } } } : {}),
  });
  const server = await startServer({
    programs: REGISTRY,
    port,
    // JSON is YAML.
    files: (folder) => ({ 'config.yml': JSON.stringify(config(folder)), htpasswd: HTPASSWD }),
    args: (folder) => ['serve', `${folder}/config.yml`],
    ready: '/',
  });
  return { ...server, host: `127.0.0.1:${port}` };
}

export interface PushedImage {
  digest: string;
  /** Of the layers and configurations. */
  blobs: readonly string[];
}

export interface PushOptions {
  /** One image each, under an index; without any: an image for linux/amd64 without an index. */
  platforms?: readonly string[];
  /** Bytes of each layer; images with the same layers share their blobs. */
  layers?: readonly Buffer[];
  authorization?: string;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const CONFIG = 'application/vnd.oci.image.config.v1+json';

/**
 * Puts a small image into a registry, by the plainest of its ways.
 *
 * @param url of the registry
 * @param name `REPOSITORY:TAG`
 */
export async function pushImage(url: string, name: string, options: PushOptions = {}): Promise<PushedImage> {
  const { platforms, layers = [Buffer.from(`layer of ${name}`)], authorization } = options;
  const [repository = '', tag = ''] = name.split(':');
  const headers = authorization === undefined ? {} : { authorization };
  const blobs: string[] = [];

  async function putBlob(bytes: Buffer): Promise<{ digest: string; size: number }> {
    const digest = sha256(bytes);
    blobs.push(digest);
    const started = await ask(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST', headers });
    const at = new URL(started.headers.get('location') ?? '', url);
    at.searchParams.set('digest', digest);
    await ask(at.href, { method: 'PUT', body: new Uint8Array(bytes), headers });
    return { digest, size: bytes.length };
  }

  async function putManifest(content: object, mediaType: string, reference?: string) {
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, ...content }));
    const digest = sha256(bytes);
    await ask(`${url}/v2/${repository}/manifests/${reference ?? digest}`, {
      method: 'PUT',
      body: bytes.toString('utf8'),
      headers: { ...headers, 'content-type': mediaType },
    });
    return { mediaType, digest, size: bytes.length };
  }

  const described: object[] = [];
  for (const layer of layers) described.push({ mediaType: LAYER, ...(await putBlob(layer)) });
  const putImage = async (platform: string, reference?: string) => {
    const [os, architecture, variant] = platform.split('/');
    const platformOf = { os, architecture, ...(variant === undefined ? {} : { variant }) };
    const config = await putBlob(
      Buffer.from(JSON.stringify({ ...platformOf, rootfs: { type: 'layers', diff_ids: [] } })),
    );
    const content = { config: { mediaType: CONFIG, ...config }, layers: described };
    return { ...(await putManifest(content, MANIFEST, reference)), platform: platformOf };
  };
  if (platforms === undefined) return { digest: (await putImage('linux/amd64', tag)).digest, blobs };
  const manifests: object[] = [];
  for (const platform of platforms) manifests.push(await putImage(platform));
  return { digest: (await putManifest({ manifests }, INDEX, tag)).digest, blobs };
}

/** Takes a tag out of a registry, with what it names. */
export async function removeImage(url: string, name: string): Promise<void> {
  const [repository = '', tag = ''] = name.split(':');
  const head = await ask(`${url}/v2/${repository}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept: `${MANIFEST}, ${INDEX}` },
  });
  const digest = head.headers.get('docker-content-digest');
  await ask(`${url}/v2/${repository}/manifests/${digest}`, { method: 'DELETE' });
}

/** Whether a registry has an image or a blob. */
export async function isIn(url: string, path: string): Promise<boolean> {
  const answer = await fetch(`${url}/v2/${path}`, { method: 'HEAD', headers: { accept: `${MANIFEST}, ${INDEX}` } });
  return answer.ok;
}

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

async function ask(url: string, init: RequestInit): Promise<Response> {
  const answer = await fetch(url, init);
  if (!answer.ok) throw new Error(`${init.method} ${url}: ${answer.status} ${await answer.text()}`);
  return answer;
}
