/** @module The one place where keys of requests are brought to camelCase and unknown ones are named. */
import { ForgeError } from '@forge/core';
import type { z } from 'zod';

/** What was wrong with one field. */
export interface Issue {
  readonly field: string;
  readonly message: string;
}

/** Issues that are told: a body has room for millions, and each unknown key is compared with every known one. */
const MAX_ISSUES = 20;

/** A 422 that lists every issue; the first one is the message. */
export function invalidInput(issues: readonly Issue[]): ForgeError {
  const [first] = issues;
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : '';
  return new ForgeError('validation_failed', `${first?.field || 'body'}: ${first?.message ?? 'is invalid'}${more}`, {
    data: { issues },
  });
}

/** A plain object, as JSON has them. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `auth_type` -> `authType`. A leading underscore stays. */
export function camelCase(key: string): string {
  return key.replaceAll(/(?<=[^_])_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Checks fields against a schema: keys of the first level in either spelling, nothing below is touched. Nulls that the
 * schema does not take say nothing, as in ContextForge; fields in `ignored` neither.
 *
 * @throws ForgeError `validation_failed`, naming unknown keys, twenty at most, with the nearest known one of each
 */
export function checkFields<T>(
  schema: z.ZodObject & z.ZodType<T>,
  fields: Readonly<Record<string, unknown>>,
  ignored: ReadonlySet<string> = new Set(),
): T {
  const { shape } = schema;
  const known = new Map<string, unknown>();
  const issues: Issue[] = [];
  for (const [sent, value] of Object.entries(fields)) {
    if (issues.length >= MAX_ISSUES) break;
    const key = camelCase(sent);
    const field = Object.hasOwn(shape, key) ? (shape[key] as z.ZodType) : undefined;
    if (value === null && !field?.safeParse(null).success) continue;
    if (known.has(key)) issues.push({ field: sent, message: 'stands twice, in two spellings' });
    else if (field) known.set(key, value);
    else if (!ignored.has(key)) issues.push({ field: sent.slice(0, 100), message: unknown(key, Object.keys(shape)) });
  }
  if (issues.length > 0) throw invalidInput(issues);
  const parsed = schema.safeParse(Object.fromEntries(known));
  if (parsed.success) return parsed.data;
  const found = parsed.error.issues.slice(0, MAX_ISSUES);
  throw invalidInput(found.map(({ path, message }) => ({ field: path.join('.'), message })));
}

/** Fields that a schema has, for {@link checkFields}' `ignored`. */
export function fieldsOf(schema: z.ZodObject | undefined): ReadonlySet<string> {
  return new Set(schema && Object.keys(schema.shape));
}

function unknown(key: string, known: readonly string[]): string {
  const nearest = nearestOf(key, known);
  return nearest === undefined ? 'is not known here' : `is not known here; did you mean "${nearest}"?`;
}

/** The known word that is nearest to `word`, if one is near. */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= Math.max(2, word.length / 3) ? best.candidate : undefined;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replace = (previous[column - 1] ?? 0) + Number(a[row - 1] !== b[column - 1]);
      current.push(Math.min(replace, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
