/**
 * @module Scores the gateway and translate with the official MCP conformance suite.
 *
 * `node dist/run.js [--direct | --bridge | --cell NAME] [--keep]` prints a line per cell,
 * `what | over what | passed/required`, with the failing scenarios beneath, and ends with 1 when a required scenario
 * failed that is not expected to, when one passed that is expected to fail, or when a cell could not run.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { CELLS, overWhat, runCell } from './run/cells.ts';
import type { Cell } from './run/cells.ts';
import { EXPECTED_FAILURES } from './run/expected-failures.ts';
import { stopAll } from './run/process.ts';
import { judge } from './run/suite.ts';

/** The suite does not start on an older one. */
const MIN_NODE = 22;

const { values } = parseArgs({
  options: {
    cell: { type: 'string' },
    direct: { type: 'boolean', default: false },
    bridge: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(line: string): void {
  process.stderr.write(`${line}\n`);
}

function chosenCells(): readonly Cell[] {
  if (values.cell !== undefined) return CELLS.filter(({ name }) => name === values.cell);
  if (values.direct) return CELLS.filter(({ group }) => group === 'direct');
  return CELLS.filter(({ group }) => group === 'bridge' || (group === 'score' && !values.bridge));
}

/** A message and those of its causes, since the reason of a failed request is in its cause. */
function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}\n${explain(error.cause)}`;
}

function indent(text: string, by: string): string {
  return text.replace(/^/gm, by);
}

/** Runs one cell and prints its line; whether it did as expected. */
async function report(cell: Cell, folder: string): Promise<boolean> {
  const head = `${cell.set} | ${overWhat(cell)}`;
  try {
    const expected = EXPECTED_FAILURES[cell.name] ?? {};
    const score = await runCell(cell, folder);
    const { unexpected, inherent, stale } = judge(score, expected);
    print(`${head} | ${score.passed}/${score.required}`);
    for (const key of inherent) print(`  ${key} cannot pass: ${expected[key]}`);
    for (const key of stale) print(`  ${key} passes; take it out of expected-failures.ts`);
    for (const { scenario, checks } of unexpected) {
      print(`  ${scenario}`);
      for (const { id, message } of checks) print(indent(`${id}: ${message}`, '    '));
    }
    return unexpected.length === 0 && stale.length === 0;
  } catch (error) {
    print(`${head} | could not run`);
    print(indent(explain(error), '  '));
    return false;
  }
}

async function main(): Promise<number> {
  if (Number(process.versions.node.split('.')[0]) < MIN_NODE) {
    complain(`The suite needs Node ${MIN_NODE} or newer; this is ${process.version}.`);
    return 2;
  }
  const cells = chosenCells();
  if (cells.length === 0) {
    complain(`--cell must be one of ${CELLS.map(({ name }) => name).join(', ')}`);
    return 2;
  }
  const folder = await mkdtemp(join(tmpdir(), 'forge-conformance-'));
  let code = 0;
  // One after the other: some scenarios time what a server does.
  for (const cell of cells) {
    if (interrupted || !(await report(cell, join(folder, cell.name)))) code = 1;
  }
  if (values.keep) print(`Kept ${folder}`);
  else await rm(folder, { recursive: true, force: true });
  return code;
}

// The cell that runs then fails, and the rest of main cleans up.
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true;
    void stopAll();
  });
}
process.exitCode = await main();
