/** @module What zod finds wrong with a body, in words that say what is taken. */
import { z } from 'zod';
import { nearestOf } from './nearest.ts';

/** What was wrong with one field. */
export interface Issue {
  readonly field: string;
  readonly message: string;
}

/** Words for zod's types. */
const NOUNS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  object: 'an object',
  record: 'an object',
  array: 'a list',
};

/** Names that are listed at most, and unknown keys that are compared with known ones. */
const MAX_LISTED = 30;

/** One issue of zod, found with `reportInput`, as issues of fields: unknown keys each have one of their own. */
export function issuesOf(schema: z.ZodType, issue: z.core.$ZodIssue): Issue[] {
  const field = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    return issue.keys.slice(0, MAX_LISTED).map((key) => ({
      field: [...issue.path, key.slice(0, 100)].join('.'),
      message: unknownKey(key, known),
    }));
  }
  return [{ field, message: issue.input === undefined ? 'is missing' : messageOf(issue) }];
}

/** What is said of a key that there is not. */
export function unknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestOf(key, known);
  return nearest === undefined ? 'is not known here' : `is not known here; did you mean "${nearest}"?`;
}

function messageOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${nounOf(issue)}, not ${kindOf(issue.input)}`;
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.slice(0, MAX_LISTED).join(', ')}`;
    case 'too_small':
      return `must ${issue.origin === 'string' || issue.origin === 'array' ? 'have' : 'be'} at least ${issue.minimum}${unitOf(issue)}`;
    case 'too_big':
      return `must ${issue.origin === 'string' || issue.origin === 'array' ? 'have' : 'be'} at most ${issue.maximum}${unitOf(issue)}`;
    case 'invalid_union': {
      const nouns = issue.errors.flatMap(([one]) => (one?.code === 'invalid_type' ? [nounOf(one)] : []));
      return nouns.length === issue.errors.length ? `must be ${nouns.join(' or ')}` : issue.message;
    }
    default:
      return issue.message;
  }
}

function nounOf({ expected, format }: { readonly expected: string; readonly format?: unknown }): string {
  return (typeof format === 'string' && format.includes('int') ? NOUNS['int'] : NOUNS[expected]) ?? expected;
}

/** The kind of a value, never the value: it may be a secret. */
function kindOf(input: unknown): string {
  if (input === null) return 'null';
  if (Array.isArray(input)) return NOUNS['array'] ?? '';
  return typeof input === 'boolean' ? 'a truth value' : (NOUNS[typeof input] ?? typeof input);
}

function unitOf({ origin }: { readonly origin: string }): string {
  if (origin === 'string') return ' characters';
  return origin === 'array' ? ' elements' : '';
}

/** The keys that an object of a schema may have, at a path. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): readonly string[] {
  let at: z.ZodType | undefined = bare(schema);
  for (const step of path) at = at && stepInto(at, step);
  return at instanceof z.ZodObject ? Object.keys(at.shape) : [];
}

function stepInto(schema: z.ZodType, step: PropertyKey): z.ZodType | undefined {
  if (schema instanceof z.ZodObject) return bare(schema.shape[String(step)] as z.ZodType | undefined);
  if (schema instanceof z.ZodArray) return bare(schema.element as z.ZodType);
  return schema instanceof z.ZodRecord ? bare(schema.valueType as z.ZodType) : undefined;
}

/** Without what is around it: defaults, preprocessing, and that it may be absent. */
function bare(schema: z.ZodType | undefined): z.ZodType | undefined {
  if (schema instanceof z.ZodPipe) return bare(schema.out as z.ZodType);
  const isWrapped =
    schema instanceof z.ZodOptional || schema instanceof z.ZodNullable || schema instanceof z.ZodDefault;
  return isWrapped ? bare(schema.unwrap() as z.ZodType) : schema;
}
