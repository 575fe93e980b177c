/**
 * @module Regular expressions on texts of strangers: they run in a thread of its own, which is ended when it takes too
 * long. Meanwhile everything else goes on.
 */
import { Worker } from 'node:worker_threads';

/** What is looked for, and what takes its place. */
export interface Rule {
  readonly source: string;
  /** With `g`. */
  readonly flags: string;
  /** Texts, and groups of what was found; 0 is the whole of it. */
  readonly replacement: readonly (string | { readonly group: number | string })[];
}

/** What became of some texts. */
export interface Replaced {
  readonly texts: readonly string[];
  /** Places that each rule found. */
  readonly found: readonly number[];
}

/** What the thread answers. */
export type Answer = Replaced | { readonly error: string };

/** What the thread says first. */
export type Ready = 'ready';

/** Options of {@link createReplacer}. */
export interface ReplacerOptions {
  /** Milliseconds for the texts of one call. @default 1000 */
  readonly timeoutMs?: number;
  /** Calls that wait at most. @default 100 */
  readonly maxWaiting?: number;
}

/** Applies rules. */
export interface Replacer {
  /** Every rule to every text, in order. @throws Error when it takes too long, or too many wait */
  run(texts: readonly string[]): Promise<Replaced>;
  close(): Promise<void>;
}

interface Job {
  readonly texts: readonly string[];
  readonly resolve: (replaced: Replaced) => void;
  readonly reject: (error: Error) => void;
}

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const SCRIPT = new URL(`replacer-worker.${extension}`, import.meta.url);
const MEMORY = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
/** Until a new thread runs. */
const LOAD_MS = 5000;

/** Makes a replacer; its thread starts with the first texts, and keeps no process alive. */
export function createReplacer(
  rules: readonly Rule[],
  { timeoutMs = 1000, maxWaiting = 100 }: ReplacerOptions = {},
): Replacer {
  const jobs: Job[] = [];
  let worker: Worker | undefined;
  let isWarm = false;
  let timer: NodeJS.Timeout | undefined;

  /** The first of the jobs is the one that runs. */
  function next(): void {
    const [job] = jobs;
    if (job === undefined) return;
    worker ??= start();
    endIn(timeoutMs + (isWarm ? 0 : LOAD_MS));
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    worker.postMessage(job.texts);
  }

  function endIn(ms: number): void {
    clearTimeout(timer);
    timer = setTimeout(() => ended(`it takes longer than ${timeoutMs} ms`), ms);
  }

  function start(): Worker {
    const options = { workerData: rules, resourceLimits: MEMORY, env: {}, stdout: true, stderr: true };
    const started = new Worker(SCRIPT, options);
    started.unref();
    // A thread that was ended delivers what it had said before, when nobody waits for that any more.
    started.on('message', (answer: Answer | Ready) => {
      if (worker !== started) return;
      isWarm = true;
      if (answer !== 'ready') settled(answer);
      else if (jobs.length > 0) endIn(timeoutMs);
    });
    started.on('error', (error) => worker === started && ended(error.message));
    started.on('exit', () => worker === started && ended('its thread ended'));
    return started;
  }

  function settled(answer: Answer): void {
    clearTimeout(timer);
    const job = jobs.shift();
    if ('error' in answer) job?.reject(new Error(answer.error));
    else job?.resolve(answer);
    next();
  }

  /** The thread is of no use any more; the next job gets a new one. */
  function ended(why: string): void {
    const last = worker;
    worker = undefined;
    isWarm = false;
    settled({ error: why });
    void last?.terminate();
  }

  return {
    run(texts) {
      if (texts.length === 0) return Promise.resolve({ texts, found: rules.map(() => 0) });
      if (jobs.length > maxWaiting) return Promise.reject(new Error('too many calls wait for it'));
      return new Promise((resolve, reject) => {
        jobs.push({ texts, resolve, reject });
        if (jobs.length === 1) next();
      });
    },
    async close() {
      clearTimeout(timer);
      const last = worker;
      worker = undefined;
      for (const { reject } of jobs.splice(0)) reject(new Error('it was closed'));
      await last?.terminate();
    },
  };
}
