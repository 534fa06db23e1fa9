import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

const IDENTITY = {
  GIT_AUTHOR_NAME: 'test',
  GIT_AUTHOR_EMAIL: 'test@example.invalid',
  GIT_COMMITTER_NAME: 'test',
  GIT_COMMITTER_EMAIL: 'test@example.invalid',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_SYSTEM: '/dev/null',
};

/** A git command in a folder. @returns what it printed */
export function git(folder: string, ...args: readonly string[]): string {
  const env = { ...process.env, ...IDENTITY };
  return execFileSync('git', ['-C', folder, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

/** Commits a file. @returns the commit */
export function commit(folder: string, file: string, text: string): string {
  execFileSync('sh', ['-c', 'printf %s "$2" > "$1"', 'sh', join(folder, file), text]);
  git(folder, 'add', '--', file);
  git(folder, 'commit', '-q', '-m', `${file}: ${text}`);
  return git(folder, 'rev-parse', 'HEAD');
}

/** A repository on the branch main with one commit. */
export function makeRepository(folder: string): string {
  execFileSync('git', ['init', '-q', '-b', 'main', folder]);
  commit(folder, 'a.txt', 'one');
  return folder;
}

export interface GitSite {
  url: string;
  /** Taken by the next requests, one each; then they are served. */
  faults: (number | 'cut' | 'half')[];
  requests: string[];
}

/** Serves the repositories below a folder by git's own http-backend, with faults. */
export async function serveGit(root: string): Promise<GitSite> {
  const faults: GitSite['faults'] = [];
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    requests.push(`${request.method} ${url.pathname}`);
    const fault = faults.shift();
    if (typeof fault === 'number') return void response.writeHead(fault).end();
    if (fault === 'cut') return void request.socket.destroy();
    const child = spawn('git', ['http-backend'], {
      env: {
        ...process.env,
        ...IDENTITY,
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: '1',
        PATH_INFO: url.pathname,
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method,
        CONTENT_TYPE: request.headers['content-type'],
        HTTP_CONTENT_ENCODING: request.headers['content-encoding'],
        HTTP_GIT_PROTOCOL: request.headers['git-protocol'] as string | undefined,
      },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    request.pipe(child.stdin);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('close', () => {
      const all = Buffer.concat(chunks);
      const end = all.indexOf('\r\n\r\n');
      const headers = all
        .toString('latin1', 0, end)
        .split('\r\n')
        .map((line) => line.split(/:\s*/, 2) as [string, string]);
      const status = Number(headers.find(([name]) => name === 'Status')?.[1]?.slice(0, 3) ?? 200);
      const body = all.subarray(end + 4);
      response.writeHead(status, Object.fromEntries(headers.filter(([name]) => name !== 'Status')));
      if (fault !== 'half') return void response.end(body);
      response.write(body.subarray(0, Math.floor(body.length / 2)), () => request.socket.destroy());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, faults, requests };
}
