/** @module One method as a tool: its definition, and its messages to and from JSON. */
import { createHash } from 'node:crypto';
import {
  type DescMessage,
  type DescMethod,
  fromBinary,
  fromJson,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Level } from '@bufbuild/protobuf/wkt';
import type { SchemaSource } from './schema/message-schema.ts';
import { givesMany, inputSchema, outputSchema, takesMany } from './schema/tool-schema.ts';
import { isJsonObject } from './schema/well-known.ts';

/** A method that can be called. */
export interface Operation {
  readonly name: string;
  /** Of the HTTP/2 request. */
  readonly path: string;
  readonly kind: DescMethod['methodKind'];
  /** JSON text of the `Tool`. */
  readonly definition: string;
  /** The messages that arguments stand for. @throws Error naming what does not fit */
  encode(args: unknown): Buffer[];
  /** JSON text of a message. @throws Error */
  decode(bytes: Uint8Array): string;
}

const MAX_NAME = 64;
const HASH_LENGTH = 8;
/** Characters that members left at their default may add to an answer; a small message can stand for very many of them. */
const MAX_DEFAULTS = 16_777_216;
/** Fields that are looked at for that. */
const MAX_LOOKED = 20_000;

/** A method as a tool. */
export function createOperation(method: DescMethod, source: SchemaSource): Operation {
  const { types: registry } = source;
  const wrapsInput = !isJsonObject(method.input.typeName);
  const wrapsOutput = !isJsonObject(method.output.typeName) && !givesMany(method);
  const defaultsBelow = MAX_DEFAULTS / widest(method.output);

  const encodeOne = (json: unknown): Buffer => {
    const bytes = toBinary(method.input, fromJson(method.input, json as JsonValue, { registry }));
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
  return {
    name: toolName(method),
    path: `/${method.parent.typeName}/${method.name}`,
    kind: method.methodKind,
    definition: define(method, source),
    encode(args) {
      const given = (args ?? {}) as { readonly messages?: unknown; readonly value?: unknown };
      if (!takesMany(method)) return [encodeOne(wrapsInput ? given.value : given)];
      if (!Array.isArray(given.messages)) throw new Error('"messages" must be an array of messages');
      return given.messages.map((message: unknown, at) => {
        try {
          return encodeOne(message);
        } catch (error) {
          throw new Error(`messages[${at}]: ${(error as Error).message}`, { cause: error });
        }
      });
    },
    decode(bytes) {
      const alwaysEmitImplicit = bytes.length <= defaultsBelow;
      const json = toJson(method.output, fromBinary(method.output, bytes), { registry, alwaysEmitImplicit });
      return JSON.stringify(wrapsOutput ? { value: json } : json);
    },
  };
}

/** `package.Service.Method`. One that is too long is cut on its left, and ends in a hash of the whole. */
export function toolName({ parent, name }: DescMethod): string {
  const full = `${parent.typeName}.${name}`;
  if (full.length <= MAX_NAME) return full;
  const hash = createHash('sha256').update(full).digest('hex').slice(0, HASH_LENGTH);
  return `${full.slice(-(MAX_NAME - HASH_LENGTH - 1)).replace(/^[^A-Za-z0-9]+/, '')}_${hash}`;
}

function define(method: DescMethod, source: SchemaSource): string {
  const hints = annotations(method);
  const head = { name: toolName(method), description: describe(method, source) };
  const rest = hints && `,"annotations":${JSON.stringify(hints)}`;
  const schemas = `"inputSchema":${inputSchema(method, source)},"outputSchema":${outputSchema(method, source)}`;
  return `${JSON.stringify(head).slice(0, -1)},${schemas}${rest ?? ''}}`;
}

function describe(method: DescMethod, { comment }: SchemaSource): string {
  const said = comment(method);
  const sent = takesMany(method) ? 'stream ' : '';
  const answered = givesMany(method) ? 'stream ' : '';
  const signature = `${sent}${method.input.name}) returns (${answered}${method.output.name}`;
  return [said ?? `rpc ${method.name}(${signature}) of ${method.parent.typeName}`, method.deprecated && 'Deprecated.']
    .filter(Boolean)
    .join('\n');
}

function annotations({ idempotency }: DescMethod): object | undefined {
  if (idempotency === Level.NO_SIDE_EFFECTS) return { readOnlyHint: true };
  return idempotency === Level.IDEMPOTENT ? { idempotentHint: true } : undefined;
}

/** Characters that the widest message in `root` may have with every field at its default; of too many, any number. */
function widest(root: DescMessage): number {
  const seen = new Set<DescMessage>([root]);
  let most = 1;
  let looked = 0;
  for (const { fields } of seen) {
    looked += fields.length;
    if (looked > MAX_LOOKED) return Infinity;
    let width = 0;
    for (const { jsonName, message } of fields) {
      width += jsonName.length + 8;
      if (message !== undefined) seen.add(message);
    }
    most = Math.max(most, width);
  }
  return most;
}
