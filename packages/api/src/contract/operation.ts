/** @module One operation of the REST API: routes serve it, OpenAPI describes it, clients are typed by it. */
import type { z } from 'zod';
import type { ForeignFields } from '../http/keys.ts';

/** An object schema with the output type `T`. */
export type ObjectSchema<T> = z.ZodObject & z.ZodType<T>;

/** One operation. Paths are written as in OpenAPI, e.g. `/gateways/{id}`, and served under `/v1` as well. */
export interface Operation<Query = unknown, Body = unknown, Answer = unknown> {
  /** Unique, camelCase. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** `{name+}` at its end takes all that is below. */
  readonly path: string;
  /** The family it belongs to. */
  readonly tag: string;
  readonly summary: string;
  readonly description?: string;
  /** `public` needs no credentials, `user` any that are good, `admin` an administrator's. */
  readonly access: 'public' | 'user' | 'admin';
  readonly query?: ObjectSchema<Query>;
  /** Keys are taken in snake_case and camelCase, and nulls that the schema does not take say nothing. */
  readonly body?: ObjectSchema<Body>;
  /** The body may also stand under this key, with siblings: `{"gateway": {...}, "visibility": "public"}`. */
  readonly wrapper?: string;
  /** Fields of this schema that the body has not may be sent back and are ignored, so that what was read can be sent. */
  readonly readBack?: z.ZodObject;
  /** Fields of ContextForge that there are not here. @default SHARED_FOREIGN */
  readonly foreign?: ForeignFields;
  /** A body that the handler reads itself, byte for byte; here for the description only. */
  readonly rawBody?: z.ZodType;
  /** Bytes of the body, where it may be larger than others. Rights are checked before it is read. */
  readonly maxBodyBytes?: number;
  readonly answer: z.ZodType<Answer>;
  /** @default 200 */
  readonly status?: number;
}

/** Names the types of an operation. */
export function operation<Query, Body, Answer>(
  definition: Operation<Query, Body, Answer>,
): Operation<Query, Body, Answer> {
  return definition;
}
