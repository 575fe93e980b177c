/** @module Schemas that several families share. */
import { LIMITS } from '@forge/core';
import { z } from 'zod';

/** A moment, ISO 8601 in UTC. */
export const Moment = z.iso.datetime().meta({ description: 'ISO 8601, UTC' });

/** Tags as texts; the `{id, label}` objects of ContextForge are taken, too. */
export const Tags = z
  .array(
    z.preprocess((tag) => {
      const { label, id } = (typeof tag === 'object' && tag !== null ? tag : {}) as { label?: unknown; id?: unknown };
      return label ?? id ?? tag;
    }, z.string().min(1).max(LIMITS.tagLength)),
  )
  .max(LIMITS.tags);

/** Who may see a thing. */
export const VisibilityName = z.enum(['public', 'private']);

/** A name of one line. */
export const Name = z.string().min(1).max(LIMITS.nameLength);

/** Text of several lines. */
export const Description = z.string().max(LIMITS.descriptionLength);

/** The query of every list. */
const ListFields = {
  cursor: z.string().max(4096).optional().meta({ description: 'From the page before' }),
  limit: z.coerce.number().int().min(0).max(1000).default(50).meta({ description: '0: all, up to 10000' }),
  includeInactive: z.stringbool().default(false).meta({ description: 'Disabled ones, too' }),
  includePagination: z.stringbool().default(false).meta({ description: 'An object with `nextCursor`, not an array' }),
  tags: z.string().max(4096).optional().meta({ description: 'Only with one of these, separated by commas' }),
};

/** The query of a list. */
export const ListQueryFields = z.strictObject(ListFields);

/** The query of a list of items, which may be narrowed to a gateway. */
export const ItemListQuery = z.strictObject({ ...ListFields, gatewayId: z.string().max(64).optional() });

/** `?activate=`; without it, here and in the body, it is activated. */
export const StateQuery = z.strictObject({
  activate: z.stringbool().optional().meta({ description: 'true where neither query nor body say it' }),
});

/** `activate` in the body, which counts before the query's. */
export const StateBody = z.strictObject({ activate: z.boolean().optional() });

/** What every thing tells of itself. */
export const EntityFields = {
  id: z.string(),
  enabled: z.boolean(),
  visibility: VisibilityName,
  tags: z.array(z.string()),
  ownerEmail: z.string(),
  version: z.int(),
  createdAt: Moment,
  updatedAt: Moment,
};

/** What every item tells of itself. */
export const ItemFields = {
  ...EntityFields,
  gatewayId: z.string().nullable().meta({ description: 'null: the gateway itself offers it' }),
  gatewaySlug: z.string().nullable(),
  reachable: z.boolean(),
};

/** A list: bare, or with its cursor. */
export function listOf<T extends z.ZodType>(member: string, item: T) {
  return z.union([z.array(item), z.object({ [member]: z.array(item), nextCursor: z.string().nullable() })]);
}

/** The answer to a change of state. */
export function stateOf<K extends string, T extends z.ZodType>(member: K, item: T) {
  return z.object({ status: z.literal('success'), message: z.string(), [member]: item }) as unknown as z.ZodType<
    { status: 'success'; message: string } & Record<K, z.output<T>>
  >;
}

/** The answer to a deletion. */
export const Done = z.object({ status: z.literal('success'), message: z.string() }).meta({ id: 'Done' });

/** Every error. */
export const ErrorAnswer = z
  .object({
    error: z.object({
      code: z.string().meta({ description: 'Stable; test this one' }),
      message: z.string(),
      id: z.string().meta({ description: 'The log has the same' }),
      details: z.record(z.string(), z.unknown()).optional(),
    }),
    detail: z.string().meta({ description: 'The message again, where clients of ContextForge look' }),
  })
  .meta({ id: 'Error' });
