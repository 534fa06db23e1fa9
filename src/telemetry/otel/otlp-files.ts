import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import { toOtlpMetrics } from '../delivery/otlp-metrics.ts';
import type { SpoolRecord } from '../spool/spool.ts';
import { toSeries } from '../status/sample.ts';
import type { OtlpWriter } from './spool-exporters.ts';

/** https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/: one signal per file, `.jsonl`. */
const FILES: Readonly<Record<string, string>> = {
  'otlp-traces': 'traces.jsonl',
  'otlp-logs': 'logs.jsonl',
  'otlp-metrics': 'metrics.jsonl',
};
const JSON_TYPE = 'application/json';
const NEWLINE = Buffer.from('\n');

/**
 * Writes OTLP requests as lines of JSON, for a job that can upload nothing itself. Later runs append.
 *
 * @param folder made when it is not there, for its owner alone
 * @throws InstallerError `config` when nothing can be written there
 */
export function createOtlpFiles(folder: string): OtlpWriter {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of Object.values(FILES)) appendFileSync(join(folder, name), '', { mode: 0o600 });
  } catch (cause) {
    throw new InstallerError('config', `--otlp-file ${folder}: ${(cause as Error).message}`, {
      hint: 'name a folder that can be written to',
      cause,
    });
  }
  return {
    append(record) {
      const { kind, contentType, body } = record.kind === 'samples' ? asOtlp(record) : record;
      const name = FILES[kind];
      if (name === undefined || contentType !== JSON_TYPE) return false;
      try {
        // In one write: a line is there as a whole, or not at all.
        appendFileSync(join(folder, name), Buffer.concat([body, NEWLINE]), { mode: 0o600 });
        return true;
      } catch {
        // A full disk loses telemetry, never the installation.
        return false;
      }
    },
  };
}

/** Samples of the status lane, in the form that a collector takes. */
function asOtlp(record: SpoolRecord): SpoolRecord {
  const body = Buffer.from(JSON.stringify(toOtlpMetrics(toSeries([record]))));
  return { ...record, kind: 'otlp-metrics', contentType: JSON_TYPE, body };
}
