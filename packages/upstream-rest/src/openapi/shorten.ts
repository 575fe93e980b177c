/** @module Makes schemas smaller that are too large to be read: first without prose, then without what lies deepest. */
import type { JsonObject } from '../config/operation.ts';
import { ALL } from './schema-keywords.ts';
import { clip, objectOf } from './values.ts';

const MAX_PROSE = 100;
const DEPTHS = [8, 6, 4, 3, 2, 1, 0];

/** Characters of a schema as JSON. */
export function sizeOf(schema: JsonObject | boolean): number {
  return JSON.stringify(schema).length;
}

/** The schema with one short sentence where it had paragraphs. */
export function withoutProse(schema: JsonObject | boolean): JsonObject | boolean {
  if (typeof schema === 'boolean') return schema;
  const rest = mapSchemas(schema, withoutProse);
  const { description } = rest;
  return typeof description === 'string' ? { ...rest, description: firstSentence(description) } : rest;
}

/** What stands for a schema that is left out: its type. */
export function stubOf(schema: JsonObject | boolean): JsonObject {
  if (typeof schema === 'boolean' || schema['type'] === undefined) return {};
  return { type: schema['type'], ...(schema['type'] === 'array' ? { items: {} } : {}) };
}

/** The schema cut to fit, without references. */
export function shorten(schema: JsonObject, max: number): JsonObject {
  for (const depth of DEPTHS) {
    const pruned = prune(schema, depth);
    if (sizeOf(pruned) <= max) return pruned;
  }
  return stubOf(schema);
}

function prune(schema: JsonObject, depth: number): JsonObject {
  const { $ref, ...rest } = schema;
  if ($ref !== undefined) return {};
  return mapSchemas(rest, (child) => {
    if (typeof child === 'boolean') return child;
    return depth === 0 ? stubOf(child) : prune(child, depth - 1);
  });
}

/** The schema with each schema in it replaced. */
function mapSchemas(schema: JsonObject, change: (child: JsonObject | boolean) => JsonObject | boolean): JsonObject {
  const changed = Object.entries(schema).map(([keyword, value]): [string, unknown] => {
    const kind = Object.hasOwn(ALL, keyword) ? ALL[keyword] : undefined;
    if (kind === 'schema') return [keyword, change(value as JsonObject | boolean)];
    if (kind === 'schemas') return [keyword, (value as JsonObject[]).map(change)];
    if (kind !== 'named') return [keyword, value];
    const named = Object.entries(objectOf(value) ?? {});
    return [keyword, Object.fromEntries(named.map(([name, child]) => [name, change(child as JsonObject)]))];
  });
  return Object.fromEntries(changed);
}

function firstSentence(text: string): string {
  return clip(/^.*?[.!?](?=\s|$)/s.exec(text)?.[0] ?? text, MAX_PROSE);
}
