import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '../free-port.ts';
import { type RunningServer, startServer } from './start-server.ts';

export const COLLECTOR = ['otelcol', 'otelcol-contrib'];

export interface Collector extends RunningServer {
  /** What it has written so far of one signal, a request a line. */
  read<T>(signal: 'traces' | 'logs' | 'metrics'): T[];
}

/** A collector that takes OTLP over HTTP and writes it to files; logs also go to a Loki, where one is given. */
export async function startCollector(options: { loki?: string; port?: number } = {}): Promise<Collector> {
  const port = options.port ?? (await findFreePort());
  const health = await findFreePort();
  const config = (folder: string) => {
    const pipeline = (signal: string, ...more: string[]) => [
      signal,
      { receivers: ['otlp'], exporters: [`file/${signal}`, ...more] },
    ];
    const file = (signal: string) => [
      `file/${signal}`,
      { path: join(folder, `${signal}.jsonl`), flush_interval: '100ms' },
    ];
    return {
      extensions: { health_check: { endpoint: `127.0.0.1:${health}` } },
      receivers: { otlp: { protocols: { http: { endpoint: `127.0.0.1:${port}` } } } },
      exporters: {
        ...Object.fromEntries(['traces', 'logs', 'metrics'].map(file)),
        ...(options.loki === undefined ? {} : { 'otlphttp/loki': { endpoint: `${options.loki}/otlp` } }),
      },
      service: {
        extensions: ['health_check'],
        telemetry: { metrics: { level: 'none' } },
        pipelines: Object.fromEntries([
          pipeline('traces'),
          pipeline('metrics'),
          pipeline('logs', ...(options.loki === undefined ? [] : ['otlphttp/loki'])),
        ]),
      },
    };
  };
  const server = await startServer({
    programs: COLLECTOR,
    port: health,
    // JSON is YAML.
    files: (folder) => ({ 'collector.yaml': JSON.stringify(config(folder)) }),
    args: (folder) => ['--config', join(folder, 'collector.yaml')],
    ready: '/',
  });
  return {
    ...server,
    url: `http://127.0.0.1:${port}`,
    read: <T>(signal: string) => {
      const text = readFileSync(join(server.folder, `${signal}.jsonl`), 'utf8');
      // The last line may be half written.
      return text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as T);
    },
  };
}
