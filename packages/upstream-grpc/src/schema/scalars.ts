/** @module Scalars and enumerations as JSON Schema (proto3 JSON mapping). */
import { type DescEnum, ScalarType } from '@bufbuild/protobuf';
import type { CommentOf } from '../descriptors/comments.ts';
import type { Schema } from './well-known.ts';

/** What a schema is for: what goes in is held to it strictly, what comes out may have more. */
export type Side = 'input' | 'output';

const INT32: Schema = { type: 'integer', minimum: -2_147_483_648, maximum: 2_147_483_647 };
const UINT32: Schema = { type: 'integer', minimum: 0, maximum: 4_294_967_295 };
// As text, because a JSON number would lose digits.
const INT64: Schema = { type: 'string', pattern: '^-?[0-9]{1,19}$', description: 'A 64-bit integer, as text' };
const UINT64: Schema = { ...INT64, pattern: '^[0-9]{1,20}$' };
const NUMBER: Schema = { type: 'number' };
const FLOAT: Schema = { anyOf: [NUMBER, { enum: ['NaN', 'Infinity', '-Infinity'] }] };

/** The schema of a scalar. */
export function scalarSchema(scalar: ScalarType, side: Side): Schema {
  switch (scalar) {
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return side === 'input' ? NUMBER : FLOAT;
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return INT64;
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return UINT64;
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return INT32;
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return UINT32;
    case ScalarType.BOOL:
      return { type: 'boolean' };
    case ScalarType.BYTES:
      return { type: 'string', contentEncoding: 'base64' };
    default:
      return { type: 'string' };
  }
}

/** What the keys of a map look like, which JSON has as text. */
export function mapKeySchema(scalar: ScalarType): Schema | undefined {
  if (scalar === ScalarType.STRING) return undefined;
  return scalar === ScalarType.BOOL ? { enum: ['true', 'false'] } : { pattern: '^-?[0-9]+$' };
}

/** The schema of an enumeration. Answers may have a number where the server knows a value that its descriptors do not. */
export function enumSchema(desc: DescEnum, side: Side, comment: CommentOf): Schema {
  if (desc.typeName === 'google.protobuf.NullValue') return { type: 'null' };
  const values = desc.values.map(({ name }) => name);
  const said = desc.values.flatMap((value) => [comment(value)].flat().map((text) => text && `${value.name}: ${text}`));
  const description = [comment(desc), ...said].filter(Boolean).join('\n');
  const schema: Schema = { type: 'string', enum: values };
  if (side === 'input' || !desc.open) return { ...schema, ...(description && { description }) };
  return { anyOf: [schema, { type: 'integer' }], ...(description && { description }) };
}
