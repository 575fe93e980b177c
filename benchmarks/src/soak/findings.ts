/** @module What a soak found out: figures, each with the bound that it has to keep, if there is one. */

/** One figure. */
export interface Finding {
  readonly what: string;
  /** With its unit. */
  readonly found: string;
  /** What was asked for; empty where the figure is only told. */
  readonly bound: string;
  readonly kept: boolean;
}

/** How much more memory may be held than at the time it is compared with, as a share. */
const GROWTH = 0.1;

/** A figure without a bound. */
export function told(what: string, found: string): Finding {
  return { what, found, bound: '', kept: true };
}

/** A figure that must not be larger than `most`. */
export function atMost(what: string, found: number, most: number, unit: string): Finding {
  return { what, found: `${round(found)} ${unit}`, bound: `<= ${round(most)} ${unit}`, kept: found <= most };
}

/** A count that must be exactly this. */
export function exactly(what: string, found: number, wanted: number): Finding {
  return { what, found: String(found), bound: `= ${wanted}`, kept: found === wanted };
}

/** Memory that must not have grown by more than a tenth over `before`. */
export function noLeak(what: string, bytes: number, before: number): Finding {
  return atMost(what, inMb(bytes), inMb(before * (1 + GROWTH)), 'MB');
}

/** Bytes as MB. */
export function inMb(bytes: number): number {
  return bytes / 1024 / 1024;
}

/** Bytes as text. */
export function mb(bytes: number): string {
  return `${round(inMb(bytes))} MB`;
}

/** Bytes by `count` as text. */
export function kbEach(bytes: number, count: number): string {
  return `${round(bytes / 1024 / count)} KB`;
}

/** A Markdown table. */
export function tableOfFindings(findings: readonly Finding[]): string {
  const rows = findings.map(({ what, found, bound, kept }) => [what, found, bound, kept ? '' : 'MISSED']);
  const all = [['what', 'found', 'bound', ''], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(3, ...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(width));
  return [all[0] ?? [], rule, ...rows].map((row) => `${line(row)}\n`).join('');
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
