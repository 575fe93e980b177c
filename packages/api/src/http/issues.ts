/** @module What zod finds wrong with a body, in words that say what is taken. */
import { issueWords } from '@forge/core';
import { z } from 'zod';
import { nearestOf } from './nearest.ts';

/** What was wrong with one field. */
export interface Issue {
  readonly field: string;
  readonly message: string;
}

/** Unknown keys that are compared with known ones. */
const MAX_UNKNOWN = 30;

/** One issue of zod, found with `reportInput`, as issues of fields: unknown keys each have one of their own. */
export function issuesOf(schema: z.ZodType, issue: z.core.$ZodIssue): Issue[] {
  const field = issue.path.join('.');
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, issue.path);
    return issue.keys.slice(0, MAX_UNKNOWN).map((key) => ({
      field: [...issue.path, key.slice(0, 100)].join('.'),
      message: unknownKey(key, known),
    }));
  }
  return [{ field, message: issueWords(issue) }];
}

/** What is said of a key that there is not. */
export function unknownKey(key: string, known: readonly string[]): string {
  const nearest = nearestOf(key, known);
  return nearest === undefined ? 'is not known here' : `is not known here; did you mean "${nearest}"?`;
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
