/** @module The thread that regular expressions run in. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Rule } from './replacer.ts';

/** Characters that come of one call: replacements must not grow without end. */
const MAX_LENGTH = 16_000_000;

const rules = (workerData as readonly Rule[]).map(({ source, flags, replacement }) => ({
  pattern: new RegExp(source, flags),
  replacement,
}));

parentPort?.on('message', (texts: readonly string[]) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer(texts));
});

function answer(texts: readonly string[]): Answer {
  const found = rules.map(() => 0);
  let length = 0;
  const replaced: string[] = [];
  for (const text of texts) {
    let current = text;
    for (const [at, { pattern, replacement }] of rules.entries()) {
      const places = current.match(pattern)?.length ?? 0;
      if (places === 0) continue;
      found[at] = (found[at] ?? 0) + places;
      current = current.replace(pattern, replacement);
      if (length + current.length > MAX_LENGTH) return { error: 'its replacements are too long' };
    }
    length += current.length;
    replaced.push(current);
  }
  return { texts: replaced, found };
}
