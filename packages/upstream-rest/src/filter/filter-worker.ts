/** @module The thread that filters run in: what takes too long or too much there is ended with it. */
import { parentPort } from 'node:worker_threads';
import { loadJq, type Jq } from 'jq-wasm';
import { exec } from 'jsonpath-rfc9535';
import type { Begun, FilterAnswer, FilterTask } from './filter.ts';

/** Pages of 64 KiB that jq's memory may grow to. */
const MAX_PAGES = 2048;
/** Characters, or bytes, of output. One large thing that a thread has no memory for takes the whole process with it. */
const MAX_OUTPUT = 16_777_216;

interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

// WebAssembly's memory is outside of what a thread's resource limits bound; what grows it is this function.
const { Memory } = (globalThis as unknown as { WebAssembly: { Memory: { prototype: WasmMemory } } }).WebAssembly;
const { grow } = Memory.prototype;
Memory.prototype.grow = function bounded(this: WasmMemory, pages: number): number {
  if (this.buffer.byteLength / 65_536 + pages > MAX_PAGES) {
    hasRunOut = true;
    throw new RangeError('out of memory');
  }
  return grow.call(this, pages);
};

// So is what jq writes: it is gathered in an array that is doubled when it is full.
globalThis.Uint8Array = new Proxy(Uint8Array, {
  construct(target, args: readonly unknown[], made: typeof Uint8Array) {
    const [length] = args;
    if (typeof length === 'number' && length > MAX_OUTPUT) {
      hasWrittenTooMuch = true;
      throw tooLong();
    }
    return Reflect.construct(target, args, made) as Uint8Array;
  },
});
let hasWrittenTooMuch = false;
let hasRunOut = false;

let jq: Promise<Jq> | undefined;
let hasBegun = false;

parentPort?.on('message', (task: FilterTask) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  void answer(task).then((text) => parentPort?.postMessage(text));
});

async function answer({ language, expression, input }: FilterTask): Promise<FilterAnswer> {
  try {
    if (language === 'jq') return { output: await runJq(expression, input) };
    begin();
    return { output: runJsonPath(expression, input) };
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
  const loaded = await (jq ??= loadJq());
  begin();
  // In brackets it is one expression, never an option, and cannot import.
  const { stdout, stderr, exitCode } = rawJq(loaded, `(\n${expression}\n)`, input);
  if (exitCode !== 0) throw new Error(stderr.trim().slice(0, 500) || `jq ended with ${exitCode}`);
  const outputs = stdout.trimEnd().split('\n');
  if (stdout.trim() === '') return 'null';
  return outputs.length === 1 ? (outputs[0] ?? '') : `[${outputs.join(',')}]`;
}

/** All that had to be loaded is: from here on it is the filter that takes time. */
function begin(): void {
  if (hasBegun) return;
  hasBegun = true;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage('begun' satisfies Begun);
}

function rawJq(loaded: Jq, expression: string, input: string): ReturnType<Jq['raw']> {
  hasWrittenTooMuch = false;
  hasRunOut = false;
  try {
    const ran = loaded.raw(input, expression, ['-c']);
    if (hasWrittenTooMuch) throw tooLong();
    return ran;
  } catch (error) {
    // It stopped in the middle of something, and may hold what it has not written yet: the next filter gets another.
    jq = undefined;
    throw hasRunOut ? new Error(`it needs more than ${MAX_PAGES / 16} MiB of memory`) : error;
  }
}

/** A singular query (RFC 9535, 2.3.5.1) yields its one value, any other one a list. */
function runJsonPath(expression: string, input: string): string {
  const nodes: string[] = [];
  let length = 0;
  exec(JSON.parse(input), expression, (value) => {
    const node = JSON.stringify(value);
    length += node.length + 1;
    // Nodes within one another are written as often as they are nested.
    if (length > MAX_OUTPUT) throw tooLong();
    nodes.push(node);
  });
  return isSingular(expression) ? (nodes[0] ?? 'null') : `[${nodes.join(',')}]`;
}

function tooLong(): Error {
  return new Error(`its output is longer than ${MAX_OUTPUT} characters`);
}

function isSingular(expression: string): boolean {
  return /^\$(?:\.[\p{L}_][\p{L}\p{N}_]*|\[(?:-?\d+|'[^'\\]*'|"[^"\\]*")\])*$/u.test(expression.trim());
}
