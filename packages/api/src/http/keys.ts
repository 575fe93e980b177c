/** @module The one place where keys of requests are brought to camelCase and unknown ones are named. */
import { ForgeError } from '@forge/core';
import type { z } from 'zod';
import { type Issue, issuesOf, unknownKey } from './issues.ts';

/** Issues that are told: a body has room for millions, and each unknown key is compared with every known one. */
const MAX_ISSUES = 20;

/** Fields of ContextForge that there are not here: what is wrong with a value; `undefined` where it asks for nothing. */
export type ForeignFields = Readonly<
  Record<string, (value: unknown, fields: Readonly<Record<string, unknown>>) => string | undefined>
>;

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
 * schema does not take say nothing, as in ContextForge; fields in `ignored` neither. `foreign` are fields of ContextForge
 * that there are not here.
 *
 * @throws ForgeError `validation_failed`, naming unknown keys, twenty at most, with the nearest known one of each
 */
export function checkFields<T>(
  schema: z.ZodObject & z.ZodType<T>,
  fields: Readonly<Record<string, unknown>>,
  ignored: ReadonlySet<string> = new Set(),
  foreign: ForeignFields = {},
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
    else if (!ignored.has(key)) {
      const message = Object.hasOwn(foreign, key) ? foreign[key]?.(value, fields) : unknownKey(key, Object.keys(shape));
      if (message !== undefined) issues.push({ field: sent.slice(0, 100), message });
    }
  }
  if (issues.length > 0) throw invalidInput(issues);
  const parsed = schema.safeParse(Object.fromEntries(known), { reportInput: true });
  if (parsed.success) return parsed.data;
  const found = parsed.error.issues.slice(0, MAX_ISSUES);
  throw invalidInput(found.flatMap((issue) => issuesOf(schema, issue)).slice(0, MAX_ISSUES));
}

/** Fields that a schema has, for {@link checkFields}' `ignored`. */
export function fieldsOf(schema: z.ZodObject | undefined): ReadonlySet<string> {
  return new Set(schema && Object.keys(schema.shape));
}
