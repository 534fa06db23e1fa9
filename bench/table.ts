import type { Row } from './row.ts';

/** Rows as text for people, each with its peers below. */
export function formatRows(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ title }) => title.length));
  return rows
    .flatMap((row) => [
      [
        row.id.padEnd(4),
        row.title.padEnd(width),
        formatValue(row).padStart(8),
        row.target.padEnd(10),
        verdict(row),
      ].join(' '),
      ...Object.entries(row.peers).map(
        ([name, value]) => `       ${name.padEnd(width - 2)} ${`${value}${unitOf(row)}`.padStart(8)}`,
      ),
      ...(row.note === undefined ? [] : [`       (${row.note})`]),
    ])
    .join('\n');
}

function formatValue(row: Row): string {
  return row.value === null ? '-' : `${row.value}${unitOf(row)}`;
}

/** Peers are measured in it, too. */
function unitOf({ target }: Row): string {
  return target.replace(/^[<>]= [\d.]+/, '');
}

function verdict({ pass }: Row): string {
  if (pass === null) return 'not measured';
  return pass ? 'ok' : 'MISSED';
}
