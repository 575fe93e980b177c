/** @module Messages that JSON has a form of its own for (proto3 JSON mapping), as JSON Schema. */

/** A JSON Schema. */
export type Schema = Record<string, unknown>;

const text = (description: string, more: Schema = {}): Schema => ({ type: 'string', description, ...more });

/** By type name. Everything else is an object with the message's fields. */
export const WELL_KNOWN: Readonly<Record<string, Schema>> = {
  'google.protobuf.Timestamp': text('RFC 3339, such as 2026-01-31T12:00:00Z', { format: 'date-time' }),
  'google.protobuf.Duration': text('Seconds with a final s, such as 1.5s', { pattern: '^-?[0-9]+(\\.[0-9]{1,9})?s$' }),
  'google.protobuf.FieldMask': text('Names of fields, separated by commas, such as name,owner.email'),
  'google.protobuf.Struct': { type: 'object', description: 'Any JSON object' },
  'google.protobuf.Value': { description: 'Any JSON value' },
  'google.protobuf.ListValue': { type: 'array', description: 'Any JSON array' },
  'google.protobuf.Any': {
    type: 'object',
    description: 'A message of the type that @type names, such as type.googleapis.com/google.protobuf.Duration',
    properties: { '@type': { type: 'string' } },
    required: ['@type'],
  },
  'google.protobuf.Empty': { type: 'object' },
};

/** Messages around one scalar, which JSON shows as the scalar itself. */
const WRAPPER = /^google\.protobuf\.(?:Double|Float|U?Int(?:32|64)|Bool|String|Bytes)Value$/;

/** Whether a message is one of those. */
export function isWrapper(typeName: string): boolean {
  return WRAPPER.test(typeName);
}

const OBJECTS = new Set(['google.protobuf.Struct', 'google.protobuf.Any', 'google.protobuf.Empty']);

/** Whether a message is a JSON object; arguments and structured results must be one. */
export function isJsonObject(typeName: string): boolean {
  return OBJECTS.has(typeName) || !(Object.hasOwn(WELL_KNOWN, typeName) || isWrapper(typeName));
}
