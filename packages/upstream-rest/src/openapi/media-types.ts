/** @module Media types of bodies and answers: which one is taken, and what becomes of it. */
import type { RestBody } from '../config/operation.ts';

/** The best kind of body first; among equals, by the alphabet. */
const ENCODINGS: readonly (readonly [RegExp, RestBody['encoding']])[] = [
  [/^application\/json\s*(?:;|$)/i, 'json'],
  [/^application\/merge-patch\+json\b/i, 'json'],
  [/^(?!application\/json-patch\+).*\+json\b/i, 'json'],
  [/^\*\/\*|^application\/\*|^$/, 'json'],
  [/^multipart\/form-data\b/i, 'multipart'],
  [/^application\/x-www-form-urlencoded\b/i, 'form'],
  [/\bjson-patch\+json\b/i, 'json'],
  [/^text\/|[/+](?:xml|yaml|x-yaml|x-ndjson|graphql|javascript)\b/i, 'text'],
];

function rankOf(type: string): number {
  const rank = ENCODINGS.findIndex(([pattern]) => pattern.test(type));
  return rank < 0 ? ENCODINGS.length : rank;
}

/** How a body of this type is made. */
export function encodingOf(type: string): RestBody['encoding'] {
  return ENCODINGS[rankOf(type)]?.[1] ?? 'binary';
}

/** The type that is taken where several can be sent. */
export function bestType(types: readonly string[]): string | undefined {
  return types.toSorted((a, b) => rankOf(a) - rankOf(b) || (a < b ? -1 : 1))[0];
}

/** Whether a body is made of fields with names, and not of one value. */
export function isForm(encoding: RestBody['encoding']): boolean {
  return encoding === 'form' || encoding === 'multipart';
}

/** Whether a type is JSON, of whatever vendor. */
export function isJson(type: string): boolean {
  return /^[^;]*[/+]json\s*(?:;|$)/i.test(type) || /^(?:\*\/\*|application\/\*)/.test(type);
}
