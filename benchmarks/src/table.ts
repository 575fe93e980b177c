/** @module How results are shown: a Markdown table, the goals, and rows of JSON. */
import { type Case, CASES, DIRECT, ERAS, isPeer, type Metrics, PAYLOADS, RIVALS, type Row } from './cells.ts';

/** Columns of metrics: heading, value, digits after the point. */
const METRICS: readonly (readonly [string, (metrics: Metrics) => number | undefined, number])[] = [
  ['req/s', ({ rps }) => rps, 0],
  ['p50 ms', ({ p50Ms }) => p50Ms, 2],
  ['p99 ms', ({ p99Ms }) => p99Ms, 2],
  ['CPU us', ({ cpuUs }) => cpuUs, 1],
  ['RSS MB', ({ rssMb }) => rssMb, 0],
  ['start ms', ({ startMs }) => startMs, 0],
];

/** Rows so that those which compare stand together. */
export function inOrder(rows: readonly Row[]): readonly Row[] {
  const place = ({ era, payload, concurrency, case: name }: Row) =>
    ((ERAS.indexOf(era) * 10 + PAYLOADS.indexOf(payload)) * 1000 + concurrency) * 100 + CASES.indexOf(name);
  return rows.toSorted((a, b) => place(a) - place(b));
}

/**
 * The table. Behind each metric stand its ratios to (a) raw and (b) bare, as far as there are any; `~` marks rows from an
 * unsteady machine.
 */
export function tableOf(rows: readonly Row[]): string {
  const head = ['case', 'era', 'c', 'payload', ...METRICS.flatMap(([heading]) => [heading, '/a', '/b'])];
  const lines = rows.map((row) => [
    row.steady ? row.case : `~${row.case}`,
    row.era,
    String(row.concurrency),
    row.payload,
    ...METRICS.flatMap(([, read, digits]) => [
      shown(read(row.value), digits),
      shown(row.toRaw && read(row.toRaw), 2),
      shown(row.toBare && read(row.toBare), 2),
    ]),
  ]);
  const widths = head.map((heading, column) =>
    Math.max(2, heading.length, ...lines.map((line) => line[column]?.length ?? 0)),
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
  return rows.flatMap((row) => goalsFor(row, rows)).join('');
}

function goalsFor(row: Row, rows: readonly Row[]): readonly string[] {
  const { case: name, era, concurrency, payload, value, toRaw, toBare } = row;
  const atLeast = (least: number, what: string, ratio: number | undefined) =>
    ratio === undefined ? [] : [goal(row, ratio >= least, `${ratio.toFixed(2)} ${what}, goal ${least}`)];
  const atMost = (most: number, what: string, ratio: number | undefined) =>
    ratio === undefined ? [] : [goal(row, ratio <= most, `${ratio.toFixed(2)} ${what}, goal at most ${most}`)];
  const startsIn = (most: number) => {
    const { startMs } = value;
    return startMs === undefined ? [] : [goal(row, startMs < most, `starts in ${startMs.toFixed(0)} ms, goal ${most}`)];
  };
  if (name === 'list' || name === 'list-openapi') return atLeast(0.7, 'of raw', toRaw?.rps);
  if (payload !== '1k') return [];
  if (name === 'wrapper' && concurrency === 1)
    return [...atMost(1.4, "of bare-wrapper's p50", toBare?.p50Ms), ...startsIn(200)];
  if (concurrency !== 32) return [];
  if (name === 'grpc' || name === 'rest')
    return atMost(1.5, 'of the CPU that the gateway adds to an MCP call', addedToMcp(row, rows, DIRECT[name]));
  if (name === 'gateway-policy') return atLeast(0.75, 'of bare', toBare?.rps);
  if (name === 'translate') return [...atLeast(0.5, 'of bare-bridge', toBare?.rps), ...startsIn(300)];
  if (!isPeer(name)) return [];
  const ours = rows.find(
    (it) => it.case === RIVALS[name] && it.era === era && it.concurrency === 32 && it.payload === '1k',
  );
  // By way of the baseline that both were measured beside.
  const times = ours?.toBare && toBare && ours.toBare.rps / toBare.rps;
  return atLeast(8, `times as much by ${RIVALS[name]}`, times);
}

/** CPU that the gateway adds to a call made directly, divided by what it adds to an MCP call made directly. */
function addedToMcp({ era, concurrency, payload, value }: Row, rows: readonly Row[], direct: Case): number | undefined {
  const cpuOf = (name: Case) =>
    rows.find((it) => it.case === name && it.era === era && it.concurrency === concurrency && it.payload === payload)
      ?.value.cpuUs ?? NaN;
  const ratio = ((value.cpuUs ?? NaN) - cpuOf(direct)) / (cpuOf('gateway') - cpuOf('direct-undici'));
  return Number.isNaN(ratio) ? undefined : ratio;
}

function goal({ case: name, era, concurrency, payload }: Row, met: boolean, what: string): string {
  return `${met ? 'met   ' : 'missed'} ${name} ${era} c=${concurrency} ${payload}: ${what}\n`;
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
      ratio_raw: rounded(toRaw?.rps),
      ratio_bare: rounded(toBare?.rps),
      ...(value.startMs !== undefined && { start_ms: rounded(value.startMs) }),
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
