import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { join } from 'node:path';

const WRONG_HEX = '0'.repeat(64);
const WRONG_SRI = `sha512-${Buffer.alloc(64).toString('base64')}`;
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const BLOB = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: `sha256:${WRONG_HEX}`, size: 2 };

/**
 * What the web peer answers: a status by its number anywhere in the path (`/status-503/`, an image `status-503/x`, a
 * namespace `status-503`), and otherwise small registries of npm, pip, apt and images whose contents are not what
 * their sums say.
 *
 * @param files folder whose files are served under /files/
 */
export function answerAs(files: string): RequestListener {
  return (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://peer');
    const path = decodeURIComponent(pathname);
    const status = /status-(\d{3})/.exec(path)?.[1];
    const host = `http://${request.headers.host}`;
    if (status !== undefined) return refuse(response, Number(status), path);
    if (path.startsWith('/npm/wrong-sum')) return json(response, npmPackage(`${host}/files/package.tgz`));
    if (path === '/simple/wrong-sum/') {
      return response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(`<a href="/files/wrong_sum-1.0-py3-none-any.whl#sha256=${WRONG_HEX}">wrong_sum-1.0-py3-none-any.whl</a>`);
    }
    if (path.startsWith('/v2/')) return image(response, path);
    if (path.startsWith('/api')) return kubernetes(response, path, searchParams);
    const file = join(files, path.replace('/files/', '/'));
    if (path.startsWith('/files/') && existsSync(file)) return response.end(readFileSync(file));
    return response.writeHead(404).end('no such page');
  };
}

/** 401 with a challenge, as any registry that wants a login. */
export function refuseStranger(response: ServerResponse): void {
  response.writeHead(401, { 'www-authenticate': 'Basic realm="evidence"' }).end();
}

function refuse(response: ServerResponse, status: number, path: string): unknown {
  if (status === 401) response.setHeader('www-authenticate', 'Basic realm="evidence"');
  if (status === 407) response.setHeader('proxy-authenticate', 'Basic realm="evidence"');
  if (status === 429) response.setHeader('retry-after', '0');
  if (path.startsWith('/v2/')) {
    return json(response, { errors: [IMAGE_ERRORS[status] ?? { code: 'UNKNOWN', message: 'unknown error' }] }, status);
  }
  if (path.startsWith('/api')) {
    const reason = KUBERNETES_REASONS[status] ?? 'InternalError';
    const said = {
      apiVersion: 'v1',
      kind: 'Status',
      status: 'Failure',
      message: `pods: ${reason}`,
      reason,
      code: status,
    };
    return json(response, said, status);
  }
  return response.writeHead(status, { 'content-type': 'text/plain' }).end(`answered with ${status}\n`);
}

/** https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes, with Docker Hub's words for 429. */
const IMAGE_ERRORS: Readonly<Record<number, { code: string; message: string }>> = {
  403: { code: 'DENIED', message: 'requested access to the resource is denied' },
  404: { code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' },
  429: { code: 'TOOMANYREQUESTS', message: 'You have reached your unauthenticated pull rate limit.' },
};

/** https://github.com/kubernetes/apimachinery/blob/master/pkg/apis/meta/v1/types.go: StatusReason. */
const KUBERNETES_REASONS: Readonly<Record<number, string>> = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

function npmPackage(tarball: string): unknown {
  const version = { name: 'wrong-sum', version: '1.0.0', dist: { tarball, integrity: WRONG_SRI } };
  return { name: 'wrong-sum', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': version } };
}

function image(response: ServerResponse, path: string): unknown {
  if (path === '/v2/') return json(response, {});
  const manifest = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: BLOB, layers: [] });
  if (path.includes('/blobs/')) return response.end('{}');
  if (!path.includes('/manifests/')) return response.writeHead(404).end();
  const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`;
  return response
    .writeHead(200, { 'content-type': MANIFEST, 'docker-content-digest': digest, 'content-length': manifest.length })
    .end(manifest);
}

/** Never ready. */
const POD = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'slow', namespace: 'default' }, spec: {}, status: {} };

function kubernetes(response: ServerResponse, path: string, query: URLSearchParams): unknown {
  const list = (kind: string, more: object) => json(response, { kind, apiVersion: 'v1', ...more });
  if (path === '/api') return list('APIVersions', { versions: ['v1'] });
  if (path === '/apis') return list('APIGroupList', { groups: [] });
  if (path.endsWith('/pods') && !query.has('watch'))
    return list('PodList', { metadata: { resourceVersion: '1' }, items: [POD] });
  if (path.endsWith('/pods')) return response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders();
  if (path.endsWith('/pods/slow')) return json(response, POD);
  if (path === '/api/v1') {
    const verbs = ['get', 'list', 'watch'];
    const pods = { name: 'pods', singularName: 'pod', namespaced: true, kind: 'Pod', verbs };
    return list('APIResourceList', { groupVersion: 'v1', resources: [pods] });
  }
  return response.writeHead(404).end();
}

function json(response: ServerResponse, value: unknown, status = 200): unknown {
  return response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
