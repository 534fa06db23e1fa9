import type { Change } from '../engine/record.ts';
import { crc32 } from './crc32.ts';
import type { StateDocument } from './document.ts';

/** Version of the journal's own form. */
const JOURNAL_FORMAT = 1;
const NEWLINE = 10;

/** What a journal holds; every record here had the right length and checksum. */
export interface DecodedJournal {
  /** The document that the changes build on; absent when its record is damaged. */
  base?: StateDocument;
  /** Written by a later version of this installer. */
  newer: boolean;
  /** In the order of the file. */
  changes: readonly { revision: number; change: Change }[];
  /** Bytes up to the end of the last whole record before the first bad one. */
  validBytes: number;
  /** Nothing but zeros, which a writer keeps as room, stands behind them. */
  whole: boolean;
  /** Whole records stand behind a bad one: no torn tail, but damage. */
  damaged: boolean;
}

/** The first record of a journal: a whole document. */
export function encodeBase(document: StateDocument): string {
  return encode(JSON.stringify({ format: JOURNAL_FORMAT, base: document }));
}

/** One change, with the revision that the document has after it. */
export function encodeChange(revision: number, change: Change): string {
  return encode(JSON.stringify({ revision, change }));
}

/** `LENGTH CRC32 JSON`, one record a line: JSON has no newline of its own, so a reader can find the next record. */
function encode(json: string): string {
  return `${Buffer.byteLength(json)} ${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

/** Reads as much of a journal as can be trusted. Never throws. */
export function decodeJournal(bytes: Buffer): DecodedJournal {
  const changes: { revision: number; change: Change }[] = [];
  const decoded: DecodedJournal = { newer: false, changes, validBytes: 0, whole: false, damaged: false };
  let bad = false;
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start);
    if (newline === -1) break;
    const record = decodeLine(bytes.subarray(start, newline));
    start = newline + 1;
    if (record === undefined) {
      bad = true;
      continue;
    }
    if (bad) decoded.damaged = true;
    else decoded.validBytes = start;
    if ('base' in record) {
      if (record.format > JOURNAL_FORMAT) decoded.newer = true;
      decoded.base = record.base;
    } else changes.push(record);
  }
  const rest = bytes.subarray(decoded.validBytes);
  decoded.whole = rest.equals(Buffer.alloc(rest.length));
  return decoded;
}

type JournalRecord = { format: number; base: StateDocument } | { revision: number; change: Change };

function decodeLine(line: Buffer): JournalRecord | undefined {
  const head = /^(\d{1,10}) ([0-9a-f]{8}) /.exec(line.toString('latin1', 0, 20));
  if (head === null) return undefined;
  const json = line.subarray(head[0].length);
  if (json.length !== Number(head[1]) || crc32(json) !== Number.parseInt(head[2] ?? '', 16)) return undefined;
  try {
    return JSON.parse(json.toString('utf8')) as JournalRecord;
  } catch {
    return undefined;
  }
}
