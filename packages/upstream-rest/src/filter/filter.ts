/**
 * @module Filters over answers: jq and JSONPath, each in a thread of its own with a bound on its time, its memory and its
 * output. Both languages can compute without an end.
 */
import { Worker } from 'node:worker_threads';
import { ForgeError } from '@forge/protocol';
import type { RestFilter } from '../config/operation.ts';

/** What a thread is asked. */
export interface FilterTask extends RestFilter {
  /** JSON text. */
  readonly input: string;
}

/** What a thread answers: JSON text, or what was wrong. */
export type FilterAnswer = { readonly output: string; readonly error?: undefined } | { readonly error: string };

/** What a thread says when its first filter begins to run. */
export type Begun = 'begun';

/** Options of {@link createFilters}. */
export interface FilterOptions {
  /** Milliseconds that a filter may run. @default 2000 */
  readonly timeoutMs?: number | undefined;
  /** Threads at most. @default 2 */
  readonly threads?: number | undefined;
  /** Answers that wait for a thread at most. @default 100 */
  readonly maxWaiting?: number | undefined;
}

/** Runs filters. */
export interface Filters {
  /** JSON text of what the filter makes of `input`. @throws ForgeError `upstream_error` saying why not, `overloaded` */
  run(filter: RestFilter, input: string): Promise<string>;
  /** What is wrong with the filter itself, whatever the answer; `undefined`: nothing. @throws ForgeError `overloaded` */
  problem(filter: RestFilter): Promise<string | undefined>;
  close(): Promise<void>;
}

interface Job {
  readonly task: FilterTask;
  readonly resolve: (output: string) => void;
  readonly reject: (error: ForgeError) => void;
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const SCRIPT = new URL(`filter-worker.${extension}`, import.meta.url);
const MEMORY = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
/** Until a new thread has loaded jq. */
const LOAD_MS = 5000;

/** Filters; no thread runs before the first one is needed, and none keeps a process alive. */
export function createFilters({ timeoutMs = 2000, threads = 2, maxWaiting = 100 }: FilterOptions = {}): Filters {
  const waiting: Job[] = [];
  const idle: Thread[] = [];
  const all = new Set<Thread>();

  function next(): void {
    while (waiting.length > 0) {
      const thread = idle.pop() ?? (all.size < threads ? start() : undefined);
      if (thread === undefined) return;
      const job = waiting.shift();
      if (job !== undefined) thread.run(job);
    }
  }

  function start(): Thread {
    const thread: Thread = new Thread(timeoutMs, (isUsable) => {
      if (isUsable) idle.push(thread);
      else {
        all.delete(thread);
        if (idle.includes(thread)) idle.splice(idle.indexOf(thread), 1);
      }
      next();
    });
    all.add(thread);
    return thread;
  }

  function run(filter: RestFilter, input: string): Promise<string> {
    if (waiting.length >= maxWaiting) {
      return Promise.reject(new ForgeError('overloaded', 'Too many answers wait to be filtered', { retryAfter: 1 }));
    }
    return new Promise((resolve, reject) => {
      waiting.push({ task: { ...filter, input }, resolve, reject });
      next();
    });
  }

  return {
    run,
    async problem({ language, expression }) {
      // Compiled, and not run: a filter may well need the answer that it is made for.
      const compiled = language === 'jq' ? `if false then (\n${expression}\n) else null end` : expression;
      try {
        await run({ language, expression: compiled }, 'null');
        return undefined;
      } catch (error) {
        const { code, message } = ForgeError.from(error);
        if (code !== 'upstream_error') throw error;
        // Lines and columns are those of what is around it.
        const why =
          message
            .slice(FAILED.length)
            .split('\n', 1)[0]
            ?.replace(/ at <top-level>.*/, '') ?? '';
        return `is no ${language === 'jq' ? 'jq' : 'JSONPath'}: ${why}`;
      }
    },
    async close() {
      for (const { reject } of waiting.splice(0)) reject(new ForgeError('cancelled'));
      await Promise.all([...all].map((thread) => thread.end('the gateway stops')));
    },
  };
}

/** One thread, with one job at a time. A job that fails to end ends the thread. */
class Thread {
  readonly #worker = new Worker(SCRIPT, { resourceLimits: MEMORY, env: {}, stdin: false, stdout: true, stderr: true });
  readonly #timeoutMs: number;
  readonly #free: (isUsable: boolean) => void;
  #job: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isWarm = false;
  #isOver = false;

  constructor(timeoutMs: number, free: (isUsable: boolean) => void) {
    this.#timeoutMs = timeoutMs;
    this.#free = free;
    this.#worker.unref();
    this.#worker.on('message', (answer: FilterAnswer | Begun) => {
      if (this.#isOver) return; // what it had said before it was ended, and it runs nothing any more
      if (answer === 'begun') this.#begun();
      else this.#answered(answer);
    });
    this.#worker.on('error', (error) => this.#died(error.message));
    this.#worker.on('exit', () => this.#died('its thread ended'));
  }

  run(job: Job): void {
    this.#job = job;
    this.#endIn(this.#timeoutMs + (this.#isWarm ? 0 : LOAD_MS));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(job.task);
  }

  async end(why: string): Promise<void> {
    this.#died(why);
    await this.#worker.terminate();
  }

  #endIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.end(`it took longer than ${this.#timeoutMs} ms`), ms);
  }

  #begun(): void {
    this.#isWarm = true;
    if (this.#job !== undefined) this.#endIn(this.#timeoutMs);
  }

  #answered(answer: FilterAnswer): void {
    const job = this.#done();
    if (answer.error === undefined) job?.resolve(answer.output);
    else job?.reject(failed(answer.error));
    this.#free(true);
  }

  #died(why: string): void {
    this.#isOver = true;
    this.#done()?.reject(failed(why));
    this.#free(false);
  }

  #done(): Job | undefined {
    clearTimeout(this.#timer);
    const job = this.#job;
    this.#job = undefined;
    return job;
  }
}

const FAILED = 'The filter of this tool failed: ';

function failed(why: string): ForgeError {
  return new ForgeError('upstream_error', FAILED + why);
}
