/** @module JSON as people write it, with comments and trailing commas, and the place of every value in the text. */

/** A place in a text; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A text that is not JSONC. */
export class JsoncError extends Error {
  override readonly name = 'JsoncError';
  readonly position: Position;

  constructor(message: string, position: Position) {
    super(message);
    this.position = position;
  }
}

/** A parsed text. */
export interface Jsonc {
  readonly value: unknown;
  /** Where an object or array that {@link Jsonc.value} contains begins. */
  positionOf(container: unknown): Position | undefined;
}

const BLANK = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const SCALAR = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?/y;
const STRING = /"(?:[^"\\\n]|\\.)*"/y;
const MAX_DEPTH = 100;

/** @throws JsoncError with the place where it stops making sense. */
export function parseJsonc(source: string): Jsonc {
  const text = source.replace(/^\uFEFF/, '');
  const starts = new Map<unknown, number>();
  let at = 0;
  const value = readValue(0);
  skipBlank();
  if (at < text.length) throw unexpected('the end');
  return {
    value,
    positionOf: (container) => {
      const start = starts.get(container);
      return start === undefined ? undefined : place(start);
    },
  };

  function readValue(depth: number): unknown {
    skipBlank();
    if (depth > MAX_DEPTH) throw new JsoncError(`it nests deeper than ${MAX_DEPTH} levels`, place(at));
    if (text[at] === '{') return readObject(depth);
    if (text[at] === '[') return readArray(depth);
    if (text[at] === '"') return readString();
    const scalar = match(SCALAR);
    if (scalar === undefined) throw unexpected('a value');
    return JSON.parse(scalar);
  }

  function readObject(depth: number): Record<string, unknown> {
    const start = at;
    const entries: [string, unknown][] = [];
    readList('}', () => {
      const key = readString();
      skipBlank();
      if (text[at] !== ':') throw unexpected(`":" behind the key "${key}"`);
      at += 1;
      entries.push([key, readValue(depth + 1)]);
    });
    const object = Object.fromEntries(entries);
    starts.set(object, start);
    return object;
  }

  function readArray(depth: number): unknown[] {
    const start = at;
    const array: unknown[] = [];
    readList(']', () => array.push(readValue(depth + 1)));
    starts.set(array, start);
    return array;
  }

  /** From the opening bracket to behind the closing one. */
  function readList(close: string, readOne: () => void): void {
    at += 1;
    for (;;) {
      skipBlank();
      if (text[at] === close) break;
      readOne();
      skipBlank();
      if (text[at] === ',') at += 1;
      else if (text[at] !== close) throw unexpected(`"," or "${close}"`);
    }
    at += 1;
  }

  function readString(): string {
    const start = at;
    const raw = match(STRING);
    if (raw === undefined) throw unexpected('a text in double quotes');
    try {
      return JSON.parse(raw) as string;
    } catch {
      throw new JsoncError('this text has an escape that JSON does not know', place(start));
    }
  }

  function skipBlank(): void {
    match(BLANK);
  }

  function match(pattern: RegExp): string | undefined {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    at += found?.length ?? 0;
    return found;
  }

  function unexpected(expected: string): JsoncError {
    return new JsoncError(`expected ${expected}, found ${text[at] ?? 'the end'}`, place(at));
  }

  function place(offset: number): Position {
    const before = text.slice(0, offset).split('\n');
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  }
}
