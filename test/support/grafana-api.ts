import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Plays the parts of Grafana's API that are used, as its documentation describes them. */
export interface GrafanaApi {
  url: string;
  close(): Promise<void>;
  dashboards: Map<string, { content: Record<string, unknown>; folderUid: string; version: number }>;
  folders: Map<string, string>;
  /** Requests that change something. */
  writes: string[];
  /** Done before the next save is answered: somebody else at work. */
  beforeSave?: () => void;
}

/** @param token that every request must carry */
export async function startGrafanaApi(token: string): Promise<GrafanaApi> {
  const server = createServer((request, response) => void handle(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const api: GrafanaApi = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    dashboards: new Map(),
    folders: new Map(),
    writes: [],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = chunks.length === 0 ? {} : (JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>);
    if (request.method !== 'GET') api.writes.push(`${request.method} ${request.url}`);
    const [status, reply]: Reply =
      request.headers.authorization === `Bearer ${token}`
        ? route(api, request.method ?? '', request.url ?? '', body)
        : [401, { message: 'Invalid API key' }];
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(reply));
  }
  return api;
}

type Reply = [status: number, body: object];

function route(api: GrafanaApi, method: string, path: string, body: Record<string, unknown>): Reply {
  const [, uid] = /^\/api\/(?:dashboards\/uid|folders)\/([^/]+)$/.exec(path) ?? [];
  if (method === 'GET' && uid !== undefined && path.startsWith('/api/folders')) {
    const title = api.folders.get(uid);
    return title === undefined ? [404, { message: 'folder not found' }] : [200, { uid, title }];
  }
  if (method === 'GET' && uid !== undefined) {
    const found = api.dashboards.get(uid);
    if (found === undefined) return [404, { message: 'Dashboard not found' }];
    const { content, folderUid, version } = found;
    return [200, { dashboard: { ...content, id: 7, version }, meta: { folderUid, url: `/d/${uid}/x` } }];
  }
  if (method === 'POST' && path === '/api/folders') {
    api.folders.set(String(body.uid), String(body.title));
    return [200, { uid: body.uid, title: body.title }];
  }
  if (method === 'POST' && path === '/api/dashboards/db') return save(api, body);
  return [404, { message: 'Not found' }];
}

function save(api: GrafanaApi, body: Record<string, unknown>): Reply {
  api.beforeSave?.();
  const { id: _, version: sent, ...content } = body.dashboard as Record<string, unknown>;
  const uid = String(content.uid);
  const folderUid = String(body.folderUid);
  if (!api.folders.has(folderUid)) return [400, { message: 'folder not found' }];
  const there = api.dashboards.get(uid);
  if (there !== undefined && body.overwrite !== true && there.version !== sent) {
    return [412, { status: 'version-mismatch', message: 'The dashboard has been changed by someone else' }];
  }
  const version = (there?.version ?? 0) + 1;
  api.dashboards.set(uid, { content, folderUid, version });
  return [200, { id: 7, uid, url: `/d/${uid}/x`, status: 'success', version, slug: 'x' }];
}
