/**
 * @module JSON kept as text. What crosses Forge is edited member by member in the text it came in, so that unknown
 * fields, key order, repeated keys inside arguments and numbers of any size survive, and nothing is serialised twice.
 */
import { ForgeError } from './errors.ts';

/** How deeply arrays and objects may nest. Deeper text is refused before it can exhaust a stack. */
export const MAX_JSON_DEPTH = 256;

/**
 * Parses JSON from outside.
 *
 * @param maxDepth fewer for text that stands within other text
 * @throws ForgeError `parse_error` when it is not JSON, or nests deeper than that.
 */
export function parseJson(text: string, maxDepth = MAX_JSON_DEPTH): unknown {
  if (opensOften(text, maxDepth)) assertDepth(text, maxDepth);
  try {
    return JSON.parse(text);
  } catch (error) {
    // The engine's own message quotes the text, and the text may hold a secret.
    const position = /at position \d+/.exec((error as Error).message)?.[0] ?? '';
    throw new ForgeError('parse_error', `The text is not valid JSON ${position}`.trimEnd());
  }
}

/** A JSON value as text, parsed when it is first read. */
export class JsonText {
  readonly text: string;
  /** The text on one line in UTF-8, for what is sent often. */
  readonly encoded: Uint8Array | undefined;
  #parsed: unknown;
  #members: Member[] | undefined;

  /** `text` must be valid JSON without surrounding white space; `parsed`, if given, must be its value. */
  constructor(text: string, parsed?: unknown, encoded?: Uint8Array) {
    this.text = text;
    this.encoded = encoded;
    this.#parsed = parsed;
  }

  /** Text to be sent again and again: it is encoded now, and never again. */
  static frequent(text: string): JsonText {
    return new JsonText(text, undefined, new TextEncoder().encode(text.replaceAll(/[\r\n]/g, ' ')));
  }

  /** The text of a value. */
  static of(value: unknown): JsonText {
    return new JsonText(JSON.stringify(value), value);
  }

  /** Checks text from outside. @throws ForgeError `parse_error` */
  static parse(text: string): JsonText {
    return new JsonText(text.trim(), parseJson(text));
  }

  /** The value; do not change it. @throws ForgeError `parse_error` when the text is not JSON after all. */
  get value(): unknown {
    this.#parsed ??= parseJson(this.text);
    return this.#parsed;
  }

  /** Whether reading the value costs nothing any more. */
  get isParsed(): boolean {
    return this.#parsed !== undefined;
  }

  /** Whether it is an object, by its first character. */
  get isObject(): boolean {
    return this.text.charCodeAt(0) === OPEN_BRACE;
  }

  /** One member's value, or `undefined` where there is none or this is no object. A repeated key yields its last. */
  member(name: string): JsonText | undefined {
    const members = this.#scan();
    for (let index = members.length - 1; index >= 0; index -= 1) {
      const member = members[index];
      if (member?.name === name) return this.#child(name, member);
    }
    return undefined;
  }

  /** Whether there is a member of that name. */
  has(name: string): boolean {
    return this.#scan().some((member) => member.name === name);
  }

  /** Whether a member stands there twice. */
  get hasRepeats(): boolean {
    const members = this.#scan();
    if (members.length > FEW) return new Set(this.names()).size < members.length;
    return members.some(({ name }, index) => members.findIndex((other) => other.name === name) < index);
  }

  /** The object's members by name; none where this is no object. A repeated key yields its last. */
  members(): ReadonlyMap<string, JsonText> {
    return new Map(this.#scan().map((member) => [member.name, this.#child(member.name, member)]));
  }

  /** An array's elements; none where this is no array. */
  elements(): JsonText[] {
    if (this.text.charCodeAt(0) !== OPEN_BRACKET) return [];
    return scanElements(this.text).map((span, index) => this.#child(index, span));
  }

  /** Names of the object's members in their order, repeated ones as often as they stand. */
  names(): string[] {
    return this.#scan().map((member) => member.name);
  }

  /**
   * A copy with members set to raw JSON text, or taken out (`undefined`). A member that exists keeps its place; a
   * repeated one is left once. New members come last. Everything else stays as it was, to the character. What is no
   * object counts as an empty one.
   */
  with(edits: Readonly<Record<string, string | undefined>>): JsonText {
    const wanted = Object.keys(edits);
    const found: string[] = [];
    let text = '';
    let copied = 0;
    for (const { name, start, end } of this.#scan()) {
      if (!wanted.includes(name)) continue;
      const raw = edits[name];
      if (raw === undefined || found.includes(name)) return this.#rebuilt(edits);
      found.push(name);
      text += this.text.slice(copied, start) + raw;
      copied = end;
    }
    return found.length === wanted.length ? new JsonText(text + this.text.slice(copied)) : this.#rebuilt(edits);
  }

  /** {@link JsonText.with}, where members come or go. */
  #rebuilt(edits: Readonly<Record<string, string | undefined>>): JsonText {
    const done = new Set<string>();
    const kept: string[] = [];
    for (const member of this.#scan()) {
      if (!Object.hasOwn(edits, member.name)) {
        kept.push(this.text.slice(member.keyStart, member.end));
      } else if (!done.has(member.name)) {
        done.add(member.name);
        const raw = edits[member.name];
        if (raw !== undefined) kept.push(`${this.text.slice(member.keyStart, member.start)}${raw}`);
      }
    }
    for (const name of Object.keys(edits)) {
      const raw = edits[name];
      if (raw !== undefined && !done.has(name)) kept.push(`${JSON.stringify(name)}:${raw}`);
    }
    return new JsonText(`{${kept.join(',')}}`);
  }

  toJSON(): unknown {
    return this.value;
  }

  #scan(): Member[] {
    this.#members ??= this.isObject ? scanMembers(this.text) : [];
    return this.#members;
  }

  /** What is parsed or scanned already is neither again. */
  #child(key: string | number, span: Span): JsonText {
    const parsed = typeof this.#parsed === 'object' ? (this.#parsed as Record<string | number, unknown> | null) : null;
    span.json ??= new JsonText(this.text.slice(span.start, span.end), parsed?.[key]);
    return span.json;
  }
}

/** Where a value stands in a text. */
interface Span {
  readonly start: number;
  readonly end: number;
  /** Made when it is first asked for. */
  json: JsonText | undefined;
}

/** Where one member of an object stands in its text: from its key's quote to behind its value. */
interface Member extends Span {
  readonly name: string;
  readonly keyStart: number;
}

/** Up to here comparing each with each costs less than a set. */
const FEW = 8;

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

function scanMembers(text: string): Member[] {
  const members: Member[] = [];
  let at = skipSpace(text, 1);
  if (text.charCodeAt(at) === CLOSE_BRACE) return closed(text, at, members);
  for (;;) {
    if (text.charCodeAt(at) !== QUOTE) throw malformed(at);
    const keyStart = at;
    at = endOfString(text, at);
    const raw = text.slice(keyStart + 1, at - 1);
    const name = raw.includes('\\') ? (parseJson(`"${raw}"`) as string) : raw;
    at = skipSpace(text, at);
    if (text.charCodeAt(at) !== COLON) throw malformed(at);
    const start = skipSpace(text, at + 1);
    const end = endOfValue(text, start);
    members.push({ name, keyStart, start, end, json: undefined });
    at = skipSpace(text, end);
    const next = text.charCodeAt(at);
    if (next === CLOSE_BRACE) return closed(text, at, members);
    if (next !== COMMA) throw malformed(at);
    at = skipSpace(text, at + 1);
  }
}

function scanElements(text: string): Span[] {
  const elements: Span[] = [];
  let at = skipSpace(text, 1);
  if (text.charCodeAt(at) === CLOSE_BRACKET) return closed(text, at, elements);
  for (;;) {
    const end = endOfValue(text, at);
    elements.push({ start: at, end, json: undefined });
    at = skipSpace(text, end);
    const next = text.charCodeAt(at);
    if (next === CLOSE_BRACKET) return closed(text, at, elements);
    if (next !== COMMA) throw malformed(at);
    at = skipSpace(text, at + 1);
  }
}

/** Nothing may follow the bracket that closes the whole. */
function closed<T>(text: string, at: number, found: T): T {
  if (at !== text.length - 1) throw malformed(at + 1);
  return found;
}

/**
 * Behind the closing quote of the string that opens at `at`. Long strings cost one native search.
 *
 * @throws ForgeError `parse_error` where it does not close
 */
export function endOfString(text: string, at: number): number {
  let close = at;
  for (;;) {
    close = text.indexOf('"', close + 1);
    if (close < 0) throw malformed(at);
    let slashes = 0;
    while (text.charCodeAt(close - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return close + 1;
  }
}

function endOfValue(text: string, start: number): number {
  const first = text.charCodeAt(start);
  if (first === QUOTE) return endOfString(text, start);
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return endOfScalar(text, start);
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at) - 1;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth >= MAX_JSON_DEPTH) throw tooDeep(); // what it is a value of is a level itself
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      depth -= 1;
      if (depth === 0) return at + 1;
    }
  }
  throw malformed(start);
}

function endOfScalar(text: string, start: number): number {
  let at = start;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= 32) break;
  }
  if (at === start) throw malformed(start);
  return at;
}

function skipSpace(text: string, at: number): number {
  let next = at;
  while (text.charCodeAt(next) <= 32) next += 1;
  return next;
}

/** Whether there are enough brackets, those in strings included, to nest too deeply. Most text has few, and no walk is needed. */
function opensOften(text: string, maxDepth: number): boolean {
  // Text shorter than twice the limit cannot close what it opens that deep.
  if (text.length <= maxDepth * 2) return false;
  return count(text, '{', maxDepth) + count(text, '[', maxDepth) > maxDepth;
}

/** How often a character stands in a text; counted no further than above `enough`. */
function count(text: string, character: string, enough: number): number {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0 && found <= enough; at = text.indexOf(character, at + 1)) found += 1;
  return found;
}

function assertDepth(text: string, maxDepth: number): void {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      // A string that never closes is JSON.parse's to name.
      const close = closingQuote(text, at);
      if (close < 0) return;
      at = close;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      depth += 1;
      if (depth > maxDepth) throw tooDeep();
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
  }
}

function closingQuote(text: string, at: number): number {
  try {
    return endOfString(text, at) - 1;
  } catch {
    return -1; // not closed: the caller decides what that means
  }
}

function tooDeep(): ForgeError {
  return new ForgeError('parse_error', `JSON nests deeper than ${MAX_JSON_DEPTH} levels`);
}

function malformed(at: number): ForgeError {
  return new ForgeError('parse_error', `JSON is malformed at character ${at}`);
}
