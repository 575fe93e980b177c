/** @module Sets or removes one member in a JSON file that people edit too: comments, order and layout of the rest stay. */

/** A member of an object in a text: from its key's quote to behind its value. */
interface Member {
  readonly name: string;
  readonly start: number;
  readonly valueStart: number;
  readonly end: number;
}

/** A file that cannot be edited, and why. */
export class UneditableError extends Error {
  override readonly name = 'UneditableError';
}

/**
 * Sets `root.name`. Makes `root` where it is missing; an empty text counts as `{}`.
 *
 * @param value any JSON value; `undefined` removes the member
 * @returns the same text where nothing is to be removed
 * @throws UneditableError when the text is no JSON object, or `root` is none
 */
export function setMember(text: string, root: string, name: string, value: unknown): string {
  const source = text.replace(/^\uFEFF/, '').trim() === '' ? '{}' : text;
  const plain = withoutComments(source);
  const parsed = parse(plain);
  const outer = plain.indexOf('{');
  const held = membersOf(plain, outer).findLast((member) => member.name === root);
  if (held === undefined) {
    return value === undefined ? text : insert(source, plain, outer, root, { [name]: value });
  }
  if (!isObject(parsed[root])) throw new UneditableError(`"${root}" is no object`);
  const present = membersOf(plain, held.valueStart);
  const index = present.findLastIndex((member) => member.name === name);
  const member = present[index];
  if (value === undefined) return member === undefined ? text : remove(source, plain, present, index);
  if (member === undefined) return insert(source, plain, held.valueStart, name, value);
  const indent = /^[ \t]*/m.exec(source.slice(source.lastIndexOf('\n', member.start) + 1))?.[0] ?? '';
  return source.slice(0, member.valueStart) + format(value, source, indent) + source.slice(member.end);
}

/** The same text with comments and trailing commas as blanks: every position stays. @throws UneditableError */
export function withoutComments(text: string): string {
  const blank = (part: string): string => part.replaceAll(/[^\n\r]/g, ' ');
  const bare = text.replaceAll(/"(?:[^"\\\n]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\/|\uFEFF/g, (part) =>
    part.startsWith('"') ? part : blank(part),
  );
  return bare.replaceAll(/"(?:[^"\\\n]|\\.)*"|,(?=\s*[}\]])/g, (part) => (part === ',' ? ' ' : part));
}

function parse(plain: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(plain);
  } catch (error) {
    throw new UneditableError(
      `it is no valid JSON (${/at position \d+/.exec((error as Error).message)?.[0] ?? 'at its end'})`,
    );
  }
  if (isObject(value)) return value;
  throw new UneditableError('it holds no JSON object');
}

function insert(source: string, plain: string, open: number, name: string, value: unknown): string {
  const present = membersOf(plain, open);
  const last = present.at(-1);
  const outer = indentAt(source, open);
  const unit = unitOf(source);
  const indent = last === undefined ? outer + unit : indentAt(source, last.start);
  const member = `${JSON.stringify(name)}: ${format(value, source, indent)}`;
  if (last !== undefined) return `${source.slice(0, last.end)},\n${indent}${member}${source.slice(last.end)}`;
  const close = plain.indexOf('}', open);
  const inner = source.slice(open + 1, close).trimEnd(); // there may be a comment
  return `${source.slice(0, open + 1)}${inner}\n${indent}${member}\n${outer}${source.slice(close)}`;
}

/** With the comma before it, or, for the first member, the one behind it. */
function remove(source: string, plain: string, present: readonly Member[], index: number): string {
  const member = present[index];
  const before = present[index - 1];
  if (member === undefined) return source;
  if (before !== undefined) return source.slice(0, before.end) + source.slice(member.end);
  const next = present[index + 1];
  if (next !== undefined) return source.slice(0, member.start) + source.slice(next.start);
  const open = plain.lastIndexOf('{', member.start);
  const rest = source.slice(member.end).replace(/^\s*,?\s*/, '');
  return source.slice(0, open + 1) + rest;
}

function format(value: unknown, source: string, indent: string): string {
  return JSON.stringify(value, undefined, unitOf(source)).replaceAll('\n', `\n${indent}`);
}

/** How the file indents. */
function unitOf(source: string): string {
  return /\n([ \t]+)"/.exec(source)?.[1] ?? '  ';
}

function indentAt(source: string, at: number): string {
  return /^[ \t]*/.exec(source.slice(source.lastIndexOf('\n', at - 1) + 1))?.[0] ?? '';
}

/** The members of the object that opens at `open`, in JSON that is known to be valid. */
function membersOf(plain: string, open: number): Member[] {
  const members: Member[] = [];
  const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
  token.lastIndex = open + 1;
  let depth = 1;
  let key: { name: string; start: number } | undefined;
  let valueStart = -1;
  let end = -1;
  const finish = (): void => {
    if (key !== undefined && valueStart >= 0) members.push({ ...key, valueStart, end });
    key = undefined;
    valueStart = -1;
  };
  for (let found = token.exec(plain); found !== null; found = token.exec(plain)) {
    const [text] = found;
    if (text === '}' || text === ']') depth -= 1;
    if (depth === 0) break;
    if (depth === 1 && text === ',') finish();
    else if (depth === 1 && key === undefined) key = { name: JSON.parse(text) as string, start: found.index };
    else if (text !== ':' || depth > 1) {
      if (valueStart < 0) valueStart = found.index;
      end = token.lastIndex;
    }
    if (text === '{' || text === '[') depth += 1;
  }
  finish();
  return members;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
