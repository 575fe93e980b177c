/** @module The thread that filters run in: what takes too long or too much there is ended with it. */
import { parentPort } from 'node:worker_threads';
import { loadJq, type Jq } from 'jq-wasm';
import { query } from 'jsonpath-rfc9535';
import type { FilterAnswer, FilterTask } from './filter.ts';

/** Pages of 64 KiB that jq's memory may grow to. */
const MAX_PAGES = 2048;

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

// WebAssembly's memory is outside of what a thread's resource limits bound; what grows it is this function.
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: WasmMemory } } }).WebAssembly;
const { grow } = Memory.prototype;
Memory.prototype.grow = function bounded(this: WasmMemory, pages: number): number {
  if (this.buffer.byteLength / 65_536 + pages > MAX_PAGES) throw new RangeError('out of memory');
  return grow.call(this, pages);
};

let jq: Promise<Jq> | undefined;

parentPort?.on('message', (task: FilterTask) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  void answer(task).then((text) => parentPort?.postMessage(text));
});

async function answer({ language, expression, input }: FilterTask): Promise<FilterAnswer> {
  try {
    return { output: language === 'jq' ? await runJq(expression, input) : runJsonPath(expression, input) };
  } catch (error) {
    return { error: reasonOf(error) };
  }
}

/** The parser of JSONPath lists every character that might have come; where it stopped says more. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { found, location } = error as { found?: string | null; location?: { start: { column: number } } };
  if (location === undefined) return error.message;
  const what = found ? `"${found}"` : 'its end';
  return `${what} is not expected at character ${location.start.column} (a name with other characters than letters, digits and "_" is written ['name'])`;
}

/** One output is the answer; several are a list. Compact, and numbers that are not computed with stay as they were. */
async function runJq(expression: string, input: string): Promise<string> {
  jq ??= loadJq();
  // In brackets it is one expression, never an option, and cannot import.
  const { stdout, stderr, exitCode } = (await jq).raw(input, `(\n${expression}\n)`, ['-c']);
  if (exitCode !== 0) throw new Error(stderr.trim().slice(0, 500) || `jq ended with ${exitCode}`);
  const outputs = stdout.trimEnd().split('\n');
  if (stdout.trim() === '') return 'null';
  return outputs.length === 1 ? (outputs[0] ?? '') : `[${outputs.join(',')}]`;
}

/** A singular query (RFC 9535, 2.3.5.1) yields its one value, any other one a list. */
function runJsonPath(expression: string, input: string): string {
  const nodes = query(JSON.parse(input), expression) as unknown[];
  return JSON.stringify(isSingular(expression) ? (nodes[0] ?? null) : nodes);
}

function isSingular(expression: string): boolean {
  return /^\$(?:\.[\p{L}_][\p{L}\p{N}_]*|\[(?:-?\d+|'[^'\\]*'|"[^"\\]*")\])*$/u.test(expression.trim());
}
