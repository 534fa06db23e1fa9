import { describe, expect, it, onTestFinished } from 'vitest';
import type { Page } from '../../support/http-site.ts';
import { type HttpSite, startSite } from '../../support/http-site.ts';
import { type PlayOptions, playPlan } from '../../support/play-plan.ts';

async function site(pages: Record<string, Page>): Promise<HttpSite> {
  const started = await startSite(pages);
  onTestFinished(() => started.close());
  return started;
}

/** Plays a plan of one step of this kind. */
function ask(settings: string, options: PlayOptions & { more?: string } = {}) {
  return playPlan(`steps:\n  - id: ask\n    ${options.more ?? ''}\n    http: ${settings}\n`, options);
}

describe('http', () => {
  it('is one request; what it is told to keep of the answer becomes outputs', async () => {
    const { url } = await site({ '/v': '{"data":[{"name":"loki"}],"n":3}' });
    const { error, steps } = await ask(
      `{ url: ${url}/v, json: { data.0.name: loki }, save: { name: data.0.name, n: n } }`,
    );
    expect(error).toBeUndefined();
    expect(steps.get('ask')?.outputs).toEqual({ status: 200, name: 'loki', n: 3 });
  });

  it('outlasts 503, a cut connection and 429 with Retry-After, as its policy says', async () => {
    let count = 0;
    const { url, requests } = await site({
      '/': (request, response) => {
        count += 1;
        if (count === 1) response.writeHead(503).end('starting');
        else if (count === 2) request.socket.destroy();
        else if (count === 3) response.writeHead(429, { 'retry-after': '0' }).end();
        else response.end('fine');
      },
    });
    const { error, tried } = await ask(`${url}/`, { more: 'attempts: 5' });
    expect(error).toBeUndefined();
    expect(tried).toEqual(['server_error', 'network_reset', 'rate_limited', 'ok']);
    expect(requests).toHaveLength(4);
  });

  it.each([
    [404, 'not_found'],
    [401, 'unauthorized'],
    [400, 'unknown'],
  ])('does not ask again after %i', async (status, errorClass) => {
    const { url, requests } = await site({ '/': (_request, response) => response.writeHead(status).end('no, never') });
    const { error } = await ask(`${url}/`);
    expect(error).toMatchObject({ message: `GET ${url}/: answered ${status}: no, never` });
    expect(error?.class).toBe(errorClass);
    expect(requests).toHaveLength(1);
  });

  it('refuses another answer than the expected one', async () => {
    const { url } = await site({ '/': '{"status":"degraded"}', '/text': 'not json' });
    expect((await ask(`{ url: ${url}/, json: { status: ok } }`)).error?.message).toContain(
      'status is "degraded", not "ok"',
    );
    expect((await ask(`{ url: ${url}/text, json: { status: ok } }`)).error?.message).toContain('status is not there');
    expect((await ask(`{ url: ${url}/, matches: '^ok$' }`)).error?.message).toContain('does not match /^ok$/');
    expect((await ask(`{ url: ${url}/, status: 204 }`)).error?.message).toContain('answered 200');
    expect((await ask(`{ url: ${url}/, save: { v: version } }`)).error?.message).toContain('without version');
    expect((await ask(`{ url: ${url}/gone, status: [404, 410] }`)).error).toBeUndefined();
  });

  it('sends headers with secrets by name, masked wherever they appear, and keeps them from other hosts', async () => {
    const other = await site({
      '/': (request, response) => response.end(`got ${request.headers.authorization}`),
    });
    const { url } = await site({
      '/': ({ headers }, response) => response.end(`${headers.authorization?.length}`),
      '/away': (_request, response) => response.writeHead(302, { location: `${other.url}/` }).end(),
    });
    const headers = `headers: { Authorization: 'Bearer \${TOKEN}' }`;
    const options = { secrets: { TOKEN: 'correct-horse' }, more: 'secrets: [TOKEN]' };
    const first = await ask(`{ url: ${url}/, ${headers}, save: { echo: . } }`, options);
    expect(first.steps.get('ask')?.outputs?.echo).toBe(`${'Bearer correct-horse'.length}`);
    expect(JSON.stringify([...first.steps, first.events, first.log])).not.toContain('correct-horse');
    const away = await ask(`{ url: ${url}/away, ${headers}, save: { echo: . } }`, options);
    expect(away.steps.get('ask')?.outputs?.echo).toBe('got undefined');
    await expect(ask(`{ url: ${url}/, ${headers} }`)).rejects.toThrow(
      'plan.yaml:4: steps.0.http.headers.Authorization',
    );
  });

  it('does not send a POST twice unless it was surely not taken, or attempts were asked for', async () => {
    const bodies: string[] = [];
    const { url, requests } = await site({
      '/': (request, response) => {
        request
          .setEncoding('utf8')
          .on('data', (text: string) => bodies.push(`${request.headers['content-type']} ${text}`));
        request.on('end', () => response.writeHead(requests.length < 3 ? 502 : 201).end());
      },
    });
    const post = `{ url: ${url}/, method: post, body: { a: 1 } }`;
    expect((await ask(post)).error?.class).toBe('server_error');
    expect(bodies).toEqual(['application/json {"a":1}']);
    expect((await ask(post, { more: 'attempts: 2' })).error).toBeUndefined();
    expect(requests).toHaveLength(3);
  });

  it('ends with the run', async () => {
    const stop = new AbortController();
    const { url } = await site({ '/': () => stop.abort(new Error('stopped')) });
    const { error, tried } = await ask(`${url}/`, { signal: stop.signal });
    expect(error?.message).toContain('stopped');
    expect(tried).toEqual([]);
  });
});
