/**
 * @module The thread that regular expressions run in. It goes from one match to the next and counts what comes of them: the
 * engine's own `match` and `replace` make one large thing of all of them first, and a thread whose memory is used up by
 * one large thing takes the process with it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Ready, Rule } from './replacer.ts';

/** Characters that come of one call: replacements must not grow without end. */
const MAX_LENGTH = 16_000_000;
/** Pieces of a text that are joined at once. */
const PIECES = 4096;

interface CompiledRule {
  readonly pattern: RegExp;
  readonly replacement: Rule['replacement'];
}

const rules: readonly CompiledRule[] = (workerData as readonly Rule[]).map(({ source, flags, replacement }) => ({
  pattern: new RegExp(source, flags),
  replacement,
}));

parentPort?.on('message', (texts: readonly string[]) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
  parentPort?.postMessage(answer(texts));
});

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage('ready' satisfies Ready);

function answer(texts: readonly string[]): Answer {
  const found = rules.map(() => 0);
  let length = 0;
  const replaced: string[] = [];
  for (const text of texts) {
    let current = text;
    for (const [at, rule] of rules.entries()) {
      const out = applied(rule, current, MAX_LENGTH - length);
      if (out === undefined) continue;
      if (out === TOO_LONG) return { error: 'its replacements are too long' };
      found[at] = (found[at] ?? 0) + out.places;
      current = out.text;
    }
    length += current.length;
    replaced.push(current);
  }
  return { texts: replaced, found };
}

const TOO_LONG = 'too long';

/** One rule on one text; `undefined` where it finds nothing. */
function applied(
  { pattern, replacement }: CompiledRule,
  text: string,
  room: number,
): { readonly text: string; readonly places: number } | typeof TOO_LONG | undefined {
  pattern.lastIndex = 0;
  let match = pattern.exec(text);
  if (match === null) return undefined;
  const done: string[] = [];
  let pieces: string[] = [];
  let length = 0;
  let copied = 0;
  let places = 0;
  for (; match !== null; match = pattern.exec(text)) {
    places += 1;
    pieces.push(text.slice(copied, match.index));
    length += match.index - copied;
    copied = match.index + match[0].length;
    for (const part of replacement) {
      const piece = typeof part === 'string' ? part : groupOf(match, part.group);
      pieces.push(piece);
      length += piece.length;
    }
    if (length + text.length - copied > room) return TOO_LONG;
    if (pieces.length >= PIECES) {
      done.push(pieces.join(''));
      pieces = [];
    }
    if (match[0] === '') pattern.lastIndex += widthAt(text, pattern);
  }
  return { text: `${done.join('')}${pieces.join('')}${text.slice(copied)}`, places };
}

/** A group that took no part in the match is nothing. */
function groupOf(match: RegExpExecArray, group: number | string): string {
  return (typeof group === 'number' ? match[group] : match.groups?.[group]) ?? '';
}

/** Units of the character where the pattern looks next. */
function widthAt(text: string, { lastIndex, unicode }: RegExp): number {
  return unicode && (text.codePointAt(lastIndex) ?? 0) > 0xffff ? 2 : 1;
}
