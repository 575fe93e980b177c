/** @module How results are shown: a Markdown table, the goals, and rows of JSON. */
import { CASES, ERAS, type Metrics, PAYLOADS, type Row } from './cells.ts';

/** Columns of metrics: heading, value, digits after the point. */
const METRICS: readonly (readonly [string, (metrics: Metrics) => number | undefined, number])[] = [
  ['req/s', ({ rps }) => rps, 0],
  ['p50 ms', ({ p50Ms }) => p50Ms, 2],
  ['p99 ms', ({ p99Ms }) => p99Ms, 2],
  ['CPU us', ({ cpuUs }) => cpuUs, 1],
  ['RSS MB', ({ rssMb }) => rssMb, 0],
];

/** Rows so that those which compare stand together. */
export function inOrder(rows: readonly Row[]): readonly Row[] {
  const place = ({ era, payload, concurrency, case: name }: Row) =>
    ((ERAS.indexOf(era) * 10 + PAYLOADS.indexOf(payload)) * 1000 + concurrency) * 10 + CASES.indexOf(name);
  return rows.toSorted((a, b) => place(a) - place(b));
}

/** The table. Behind each metric stand its ratios to (a) raw and (b) bare; `~` marks rows from an unsteady machine. */
export function tableOf(rows: readonly Row[]): string {
  const head = ['case', 'era', 'c', 'payload', ...METRICS.flatMap(([heading]) => [heading, '/a', '/b'])];
  const lines = rows.map((row) => [
    row.steady ? row.case : `~${row.case}`,
    row.era,
    String(row.concurrency),
    row.payload,
    ...METRICS.flatMap(([, read, digits]) => [
      shown(read(row.value), digits),
      shown(read(row.toRaw), 2),
      shown(row.toBare && read(row.toBare), 2),
    ]),
  ]);
  const widths = head.map((heading, column) =>
    Math.max(heading.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const isText = (column: number) => column < 2 || column === 3;
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, column) =>
      isText(column) ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
    );
    return `| ${padded.join(' | ')} |\n`;
  };
  const rule = widths.map((width, column) => (isText(column) ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
  return line(head) + line(rule) + lines.map(line).join('');
}

/** One line per goal and row that it judges. */
export function goalsOf(rows: readonly Row[]): string {
  const lines = rows.flatMap((row) => {
    const where = `${row.case} ${row.era} c=${row.concurrency} ${row.payload}`;
    if (row.case === 'list') return goal(where, 'raw', row.toRaw.rps, 0.7);
    if (row.case !== 'gateway-policy' || row.concurrency !== 32 || row.payload !== '1k' || !row.toBare) return [];
    return goal(where, 'bare', row.toBare.rps, 0.75);
  });
  return lines.join('');
}

function goal(where: string, baseline: string, ratio: number, least: number): string {
  return `${ratio >= least ? 'met   ' : 'missed'} ${where}: ${ratio.toFixed(2)} of ${baseline}, goal ${least}\n`;
}

/** The rows as JSON: an array with one row per line; what was not measured is null. */
export function jsonOf(rows: readonly Row[]): string {
  const lines = rows.map(({ case: name, era, concurrency, payload, value, toRaw, toBare }) =>
    JSON.stringify({
      case: name,
      era,
      concurrency,
      payload,
      rps: rounded(value.rps),
      p50_ms: rounded(value.p50Ms),
      p99_ms: rounded(value.p99Ms),
      cpu_us: rounded(value.cpuUs),
      rss_mb: rounded(value.rssMb),
      ratio_raw: rounded(toRaw.rps),
      ratio_bare: rounded(toBare?.rps),
    }),
  );
  return `[\n${lines.join(',\n')}\n]\n`;
}

function shown(value: number | undefined, digits: number): string {
  return value === undefined || Number.isNaN(value) ? '-' : value.toFixed(digits);
}

function rounded(value: number | undefined): number | null {
  return value === undefined || Number.isNaN(value) ? null : Math.round(value * 1000) / 1000;
}
