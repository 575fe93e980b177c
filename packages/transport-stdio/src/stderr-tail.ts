/** @module Remembers the end of what a child wrote to stderr, to say with its exit what it died of. */
import { StringDecoder } from 'node:string_decoder';
import { stripVTControlCharacters } from 'node:util';

const MAX_LINES = 20;
const MAX_CHARACTERS = 8192;

/** The last lines of a stream. */
export interface StderrTail {
  push(chunk: Buffer): void;
  /** The stream ended: a last line needs no newline. */
  end(): void;
  /** At most 20 lines and 8 KB, without terminal control sequences; '' when nothing was written. */
  text(): string;
}

/** A tail that also hands every line to `onLine`; a line of more than 8 KB arrives in pieces. */
export function createStderrTail(onLine: ((line: string) => void) | undefined): StderrTail {
  const decoder = new StringDecoder('utf8');
  const lines: string[] = [];
  let pending = '';
  let characters = 0;

  function add(raw: string): void {
    const line = stripVTControlCharacters(raw)
      .replace(/(?!\t)\p{Cc}/gu, '')
      .trimEnd();
    if (line === '') return;
    lines.push(line);
    characters += line.length;
    while (lines.length > MAX_LINES || characters > MAX_CHARACTERS) characters -= lines.shift()?.length ?? 0;
    onLine?.(line);
  }

  return {
    push(chunk) {
      const pieces = (pending + decoder.write(chunk)).split('\n');
      pending = pieces.pop() ?? '';
      for (const piece of pieces) {
        for (let at = 0; at < piece.length; at += MAX_CHARACTERS) add(piece.slice(at, at + MAX_CHARACTERS));
      }
      while (pending.length >= MAX_CHARACTERS) {
        add(pending.slice(0, MAX_CHARACTERS));
        pending = pending.slice(MAX_CHARACTERS);
      }
    },
    end() {
      add(pending + decoder.end());
      pending = '';
    },
    text: () => lines.join('\n'),
  };
}
