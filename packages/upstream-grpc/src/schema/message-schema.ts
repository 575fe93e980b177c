/** @module Messages as JSON Schema 2020-12 that a model can fill in: the proto3 JSON mapping, bounded, with comments. */
import {
  type DescEnum,
  type DescField,
  type DescMessage,
  type DescOneof,
  getOption,
  hasOption,
  type Registry,
} from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence } from '@bufbuild/protobuf/wkt';
import type { CommentOf } from '../descriptors/comments.ts';
import { enumSchema, mapKeySchema, scalarSchema, type Side } from './scalars.ts';
import { isWrapper, type Schema, WELL_KNOWN } from './well-known.ts';

/** What schemas are made from. */
export interface SchemaSource {
  readonly comment: CommentOf;
  /** For options of fields. */
  readonly types: Registry;
  /** Characters that may still be written; what is used up ends the making of tools. */
  readonly budget: { left: number };
}

/** A schema and the definitions that it refers to by `#/$defs/...`. */
export interface MessageSchema {
  readonly schema: Schema;
  readonly $defs: ReadonlyMap<string, Schema>;
}

type Named = DescMessage | DescEnum;

/** Members of a oneof that are told apart by rules; what more there are is told by description only. */
const MAX_ONEOF = 16;
/** What nothing fits; clients with a smaller dialect do not take a bare `false` where a schema belongs. */
const NEVER = { not: {} };
/** Messages in messages stand in place down to here; below they are definitions, because depth of JSON is bounded. */
const MAX_NESTING = 8;
/** `google.api.FieldBehavior`. */
const REQUIRED = 2;

/**
 * The schema of a message. A type that stands in it more than once, or in itself, is a definition; after `maxFields`
 * fields what lies deepest is any object.
 */
export function messageSchema(
  root: DescMessage,
  side: Side,
  { comment, types }: SchemaSource,
  maxFields: number,
): MessageSchema {
  const uses = countUses(root, maxFields);
  const $defs = new Map<string, Schema>();

  function named(type: Named, depth: number): Schema {
    const known = wellKnown(type, side);
    if (known !== undefined) return known;
    const count = uses.get(type);
    if (count === undefined)
      return { type: 'object', description: `A ${type.typeName}; its fields are not shown here` };
    if (count === 1 && depth <= MAX_NESTING) return whole(type, depth);
    if (!$defs.has(type.typeName)) {
      $defs.set(type.typeName, {}); // it may stand in itself
      $defs.set(type.typeName, whole(type, 1));
    }
    return { $ref: `#/$defs/${type.typeName}` };
  }

  function whole(type: Named, depth: number): Schema {
    if (type.kind === 'enum') return enumSchema(type, side, comment);
    const required = side === 'input' ? type.fields.filter(isRequired).map(({ jsonName }) => jsonName) : [];
    const description = comment(type);
    return {
      type: 'object',
      ...(description !== undefined && { description }),
      properties: Object.fromEntries(type.fields.map((field) => [field.jsonName, property(field, depth)])),
      ...(required.length > 0 && { required }),
      ...(side === 'input' && { ...choices(type.oneofs), additionalProperties: false }),
    };
  }

  function property(field: DescField, depth: number): Schema {
    const schema = plain(field, depth);
    const { oneof } = field;
    const notes = [
      comment(field),
      oneof && `At most one of: ${oneof.fields.map(({ jsonName }) => jsonName).join(', ')}.`,
      comment(field) === undefined && typeof schema['description'] === 'string' ? schema['description'] : undefined,
    ].filter(Boolean);
    return {
      ...schema,
      ...(notes.length > 0 && { description: notes.join('\n') }),
      ...(field.deprecated && { deprecated: true }),
    };
  }

  function plain(field: DescField, depth: number): Schema {
    if (field.fieldKind === 'list') return { type: 'array', items: single(field, depth) };
    if (field.fieldKind !== 'map') return single(field, depth);
    const propertyNames = mapKeySchema(field.mapKey);
    return { type: 'object', ...(propertyNames && { propertyNames }), additionalProperties: single(field, depth) };
  }

  /** Of the field's value, or of one of its values. */
  function single(field: DescField, depth: number): Schema {
    const type = field.message ?? field.enum;
    if (type !== undefined) return named(type, depth + 1);
    return field.scalar === undefined ? {} : scalarSchema(field.scalar, side);
  }

  function isRequired(field: DescField): boolean {
    if (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED) return true;
    const behavior = types.getExtension('google.api.field_behavior');
    if (behavior === undefined || !hasOption(field, behavior)) return false;
    const values: unknown = getOption(field, behavior);
    return Array.isArray(values) && values.includes(REQUIRED);
  }

  return { schema: wellKnown(root, side) ?? (uses.has(root) ? whole(root, 1) : named(root, 1)), $defs };
}

function wellKnown(type: Named, side: Side): Schema | undefined {
  if (Object.hasOwn(WELL_KNOWN, type.typeName)) return WELL_KNOWN[type.typeName];
  const scalar = type.kind === 'message' && isWrapper(type.typeName) ? type.fields[0]?.scalar : undefined;
  return scalar && scalarSchema(scalar, side);
}

/** How often each type that has fields or values of its own is referred to, those first that lie nearest to the root. */
function countUses(root: DescMessage, maxFields: number): ReadonlyMap<Named, number> {
  const uses = new Map<Named, number>();
  let fields = 0;
  const use = (type: Named): void => {
    const count = uses.get(type) ?? 0;
    if (count === 0) {
      const more = type.kind === 'enum' ? type.values.length : type.fields.length;
      if (fields + more > maxFields) return;
      fields += more;
    }
    uses.set(type, count + 1);
  };
  use(root);
  for (const type of uses.keys()) {
    for (const field of type.kind === 'enum' ? [] : type.fields) {
      const used = field.message ?? field.enum;
      if (used !== undefined && wellKnown(used, 'input') === undefined) use(used);
    }
  }
  return uses;
}

/** Each member of a oneof excludes those after it. At the top of a schema, `oneOf` and `not` are refused by model APIs. */
function choices(oneofs: readonly DescOneof[]): Schema {
  const rules = oneofs.flatMap(({ fields }) =>
    fields.slice(0, MAX_ONEOF - 1).map(({ jsonName }, at): [string, Schema] => {
      const others = fields.slice(at + 1, MAX_ONEOF).map((other) => [other.jsonName, NEVER]);
      return [jsonName, { properties: Object.fromEntries(others) as Schema }];
    }),
  );
  const useful = rules.filter(([, { properties }]) => Object.keys(properties as Schema).length > 0);
  return useful.length === 0 ? {} : { dependentSchemas: Object.fromEntries(useful) };
}
