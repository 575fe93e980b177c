/** @module Imports a document in a thread of its own, so that calls go on meanwhile and hostile documents harm nobody. */
import { Worker } from 'node:worker_threads';
import { ForgeError } from '@forge/protocol';
import { operationProblem } from '../config/check-config.ts';
import type { ImportMessage, ImportTask, LoadMessage } from './import-worker.ts';
import type { Load } from './load.ts';
import type { ImportChoice, ImportResult } from './map-document.ts';

/** What to import. */
export interface ImportRequest extends ImportChoice {
  /** JSON or YAML. @default read from `url` */
  readonly text?: string | undefined;
  /** Where the document is: references and servers are relative to it. */
  readonly url?: string | undefined;
}

/** Options of {@link importDocument}. */
export interface ImportOptions {
  /** Reads the text at a URL. It has to refuse what must not be called, and to bound what it reads. */
  readonly load: Load;
  /** @default 30000 */
  readonly timeoutMs?: number | undefined;
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const SCRIPT = new URL(`import-worker.${extension}`, import.meta.url);
const MEMORY = { maxOldGenerationSizeMb: 1024, stackSizeMb: 8 };
/** Imports at one time; each may need a lot of memory. */
const MAX_RUNNING = 2;
let running = 0;

/**
 * Maps a document to the configuration of a REST upstream.
 *
 * @throws ForgeError `validation_failed` saying what is wrong with the document, `overloaded`, and what `load` throws for
 *   the document itself
 *
 * @example
 * const { config, url, skipped } = await importDocument({ url: 'https://api.example.com/openapi.json' }, { load });
 */
export async function importDocument(request: ImportRequest, { load, timeoutMs = 30_000 }: ImportOptions) {
  if (running >= MAX_RUNNING) {
    throw new ForgeError('overloaded', 'Other documents are being imported at the moment', { retryAfter: 5 });
  }
  running += 1;
  try {
    const { text = await loadFirst(request.url, load), url, ...choice } = request;
    return usable(await runThread({ text, documentUrl: url, choice }, load, timeoutMs));
  } finally {
    running -= 1;
  }
}

function loadFirst(url: string | undefined, load: Load): Promise<string> {
  if (url === undefined) throw new ForgeError('validation_failed', 'Either a document or its URL must be given');
  return load(url);
}

function runThread(task: ImportTask, load: Load, timeoutMs: number): Promise<ImportResult> {
  const worker = new Worker(SCRIPT, { workerData: task, resourceLimits: MEMORY, env: {}, stdout: true, stderr: true });
  let timer: NodeJS.Timeout | undefined;
  const ended = new Promise<ImportResult>((resolve, reject) => {
    const fail = (why: string): void => reject(new ForgeError('validation_failed', why));
    timer = setTimeout(() => fail(`It takes longer than ${timeoutMs / 1000} s to read the document`), timeoutMs);
    worker.on('message', (message: ImportMessage) => {
      if ('result' in message) resolve(message.result);
      else if ('problem' in message) fail(message.problem);
      else void loadFor(worker, message.load, load);
    });
    worker.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ERR_WORKER_OUT_OF_MEMORY') fail('It takes too much memory to read the document');
      else reject(ForgeError.from(error));
    });
    worker.on('exit', () => fail('The document could not be read'));
  });
  return ended.finally(() => {
    clearTimeout(timer);
    void worker.terminate();
  });
}

async function loadFor(worker: Worker, url: string, load: Load): Promise<void> {
  const answer = await load(url).then(
    (text): LoadMessage => ({ text }),
    (error: unknown): LoadMessage => ({ problem: ForgeError.from(error).publicMessage }),
  );
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  worker.postMessage(answer);
}

/** What the adapter would refuse is listed with the reason, and keeps nothing else from being imported. */
function usable(result: ImportResult): ImportResult {
  const { config, operations, skipped, url = 'http://localhost' } = result;
  const problems = new Map<string, string>();
  for (const operation of config.operations) {
    const problem = operationProblem(operation, config.credentials ?? {}, new URL(url));
    if (problem !== undefined) problems.set(operation.name, problem);
  }
  if (problems.size === 0) return result;
  const isGood = ({ name }: { readonly name: string }): boolean => !problems.has(name);
  const bad = operations.filter((one) => !isGood(one));
  return {
    ...result,
    config: { ...config, operations: config.operations.filter(isGood) },
    operations: operations.filter(isGood),
    skipped: [
      ...skipped,
      ...bad.map(({ name, method, path, operationId }) => ({
        method,
        path,
        operationId,
        reason: problems.get(name) ?? '',
      })),
    ],
  };
}
