/** @module What kind of content an answer is, by its `Content-Type`. */
import type { AnswerHeaders } from '@forge/outgoing';

/** The type of an answer. */
export interface MediaType {
  /** `image/png`, in lower case; empty when nothing is said. */
  readonly name: string;
  readonly charset: string;
}

/** What most answers are. */
const JSON_TYPE: MediaType = { name: 'application/json', charset: 'utf-8' };

/** Reads `Content-Type`. */
export function mediaTypeOf(headers: AnswerHeaders): MediaType {
  const header = headers['content-type'];
  if (header === JSON_TYPE.name) return JSON_TYPE;
  const [name = '', ...parameters] = (typeof header === 'string' ? header : '').split(';');
  const charset = parameters.map((it) => /^\s*charset\s*=\s*"?([\w-]+)"?\s*$/i.exec(it)?.[1]).find(Boolean) ?? 'utf-8';
  return { name: name.trim().toLowerCase(), charset };
}

/** Says that it is JSON. */
export function isJson({ name }: MediaType): boolean {
  return name === 'application/json' || name.endsWith('+json') || name === 'text/json';
}

/** May be JSON without saying so. */
export function maybeJson({ name }: MediaType): boolean {
  return name === '' || name === 'text/plain' || name === 'text/javascript';
}

const TEXTS: ReadonlySet<string> = new Set([
  'application/xml',
  'application/yaml',
  'application/x-yaml',
  'application/javascript',
  'application/x-ndjson',
  'application/jsonl',
  'application/sql',
  'application/graphql',
  'application/x-www-form-urlencoded',
  'image/svg+xml',
]);

/** Something to be read. */
export function isText(type: MediaType): boolean {
  const { name } = type;
  return name.startsWith('text/') || name.endsWith('+xml') || TEXTS.has(name) || isJson(type);
}

/** What nearly all answers are in. */
const UTF8 = new TextDecoder();

/** The text, or `undefined` where the bytes are none. What says nothing of its type is text when it is UTF-8. */
export function decodeText(bytes: Uint8Array, { name, charset }: MediaType): string | undefined {
  if (charset === 'utf-8' && name !== '') return UTF8.decode(bytes);
  try {
    return new TextDecoder(charset, { fatal: name === '' }).decode(bytes);
  } catch {
    return name === '' ? undefined : UTF8.decode(bytes); // a charset that nobody knows
  }
}
