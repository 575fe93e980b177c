/** @module The schemas of a tool: those of a method's messages, made into objects, lists where it streams, and bounded. */
import type { DescMessage, DescMethod } from '@bufbuild/protobuf';
import { messageSchema, type SchemaSource } from './message-schema.ts';
import type { Side } from './scalars.ts';
import { isJsonObject, type Schema } from './well-known.ts';

/** Characters of a schema at most; then deep types are left out of it, fewer and fewer. */
const MAX_LENGTH = 131_072;
const MAX_TYPES = 256;

const OMITTED = 'Fields that have their default value (0, false, "", nothing) may be left out.';

/** Whether a method takes a list of messages. */
export function takesMany({ methodKind }: DescMethod): boolean {
  return methodKind === 'client_streaming' || methodKind === 'bidi_streaming';
}

/** Whether a method answers with a list of messages. */
export function givesMany({ methodKind }: DescMethod): boolean {
  return methodKind === 'server_streaming' || methodKind === 'bidi_streaming';
}

/** JSON text of a tool's `inputSchema`. */
export function inputSchema(method: DescMethod, source: SchemaSource): string {
  return bounded(method.input, 'input', source, (schema) => {
    const one = isJsonObject(method.input.typeName) ? schema : around('value', schema);
    if (!takesMany(method)) return one;
    const description = 'The messages that are sent, in their order';
    return around('messages', { type: 'array', description, items: schema });
  });
}

/** JSON text of a tool's `outputSchema`. */
export function outputSchema(method: DescMethod, source: SchemaSource): string {
  return bounded(method.output, 'output', source, (schema) => {
    if (givesMany(method)) {
      const cut = { type: 'string', description: 'Present where there were more messages: why they are not here' };
      return {
        type: 'object',
        properties: { messages: { type: 'array', items: schema }, cut },
        required: ['messages'],
      };
    }
    if (!isJsonObject(method.output.typeName)) return { type: 'object', properties: { value: schema } };
    const description = [schema['description'], OMITTED].filter(Boolean).join('\n');
    return { ...schema, description };
  });
}

function around(name: string, schema: Schema): Schema {
  return { type: 'object', properties: { [name]: schema }, required: [name], additionalProperties: false };
}

function bounded(message: DescMessage, side: Side, source: SchemaSource, shape: (schema: Schema) => Schema): string {
  for (let types = MAX_TYPES; types >= 1; types = Math.floor(types / 4)) {
    const { schema, $defs } = messageSchema(message, side, source, types);
    const definitions = $defs.size > 0 && { $defs: Object.fromEntries($defs) };
    const text = JSON.stringify({ ...shape(schema), ...definitions });
    if (text.length <= MAX_LENGTH) return text;
  }
  return JSON.stringify(
    shape({ type: 'object', description: `A ${message.typeName}; it has too many fields to be shown` }),
  );
}
