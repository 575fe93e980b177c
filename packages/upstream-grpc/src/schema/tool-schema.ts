/** @module The schemas of a tool: those of a method's messages, made into objects, lists where it streams, and bounded. */
import type { DescMessage, DescMethod } from '@bufbuild/protobuf';
import { messageSchema, type SchemaSource } from './message-schema.ts';
import type { Side } from './scalars.ts';
import { isJsonObject, type Schema } from './well-known.ts';

/** Characters of a schema at most; where it has more, deep types are left out of it, more and more. */
const MAX_LENGTH = 131_072;
/** Fields, and values of enumerations, of all types in a schema. */
const MAX_FIELDS = 2048;

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
  let text = '';
  for (let fields = MAX_FIELDS; fields >= 1; fields = Math.floor(fields / 8)) {
    const { schema, $defs } = messageSchema(message, side, source, fields);
    const definitions = $defs.size > 0 && { $defs: Object.fromEntries($defs) };
    text = JSON.stringify({ ...shape(schema), ...definitions });
    source.budget.left -= text.length;
    if (text.length <= MAX_LENGTH) break;
  }
  return text;
}
