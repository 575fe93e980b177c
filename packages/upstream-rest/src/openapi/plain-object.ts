/** @module Whether a body can be taken apart, so that its members are arguments of their own. */
import type { JsonObject } from '../config/operation.ts';
import type { SchemaSet } from './schema-set.ts';
import { elementsOf, membersOf, objectOf, textOf, textsOf } from './values.ts';

/** An object that is described by its properties and nothing else. */
export interface PlainObject {
  readonly properties: ReadonlyMap<string, JsonObject | boolean>;
  readonly required: ReadonlySet<string>;
  /** Schema of members that are not named; `undefined`: nothing is said of them. */
  readonly additional: JsonObject | boolean | undefined;
  readonly description: string | undefined;
  /** Lists of properties, of which one must be there whole. */
  readonly alternatives: readonly (readonly string[])[];
}

/** Keywords that an object may have and still be plain. */
const KNOWN: ReadonlySet<string> = new Set([
  '$ref',
  'type',
  'properties',
  'required',
  'additionalProperties',
  'allOf',
  'anyOf',
  'oneOf',
  'description',
  'examples',
  'default',
  'deprecated',
  'minProperties',
  'maxProperties',
]);
const MAX_DEPTH = 16;

/** The parts of a converted schema; `undefined` where it says more than they could. */
export function plainObject(schema: JsonObject | boolean, schemas: SchemaSet, depth = 0): PlainObject | undefined {
  if (typeof schema === 'boolean' || depth > MAX_DEPTH) return undefined;
  if (Object.keys(schema).some((keyword) => !KNOWN.has(keyword))) return undefined;
  if (schema['type'] !== undefined && schema['type'] !== 'object') return undefined;
  const alternatives = [...elementsOf(schema['anyOf']), ...elementsOf(schema['oneOf'])].map(requiredOnly);
  if (!alternatives.every((names) => names !== undefined)) return undefined;
  const target = schema['$ref'] === undefined ? undefined : (schemas.resolve(schema['$ref'])?.schema ?? false);
  const all = [...(target === undefined ? [] : [target]), ...(elementsOf(schema['allOf']) as JsonObject[])];
  const bases = all.map((one) => plainObject(one, schemas, depth + 1));
  if (!bases.every((base) => base !== undefined)) return undefined;
  const own: PlainObject = {
    properties: new Map(membersOf(schema['properties']) as [string, JsonObject][]),
    required: new Set(textsOf(schema['required'])),
    additional: schema['additionalProperties'] as JsonObject | boolean | undefined,
    description: textOf(schema['description']),
    alternatives,
  };
  return bases.reduceRight((merged, base) => merge(base, merged), own);
}

/** What is said last counts, but where both say something of one property. */
function merge(base: PlainObject, own: PlainObject): PlainObject {
  const both = [...own.properties].map(([name, schema]): [string, JsonObject | boolean] => {
    const before = base.properties.get(name);
    return [name, before === undefined ? schema : { allOf: [before, schema] }];
  });
  return {
    properties: new Map([...base.properties, ...both]),
    required: new Set([...base.required, ...own.required]),
    additional: own.additional ?? base.additional,
    description: own.description ?? base.description,
    alternatives: [...base.alternatives, ...own.alternatives],
  };
}

/** `{"required": [...]}`, which says nothing else. */
function requiredOnly(schema: unknown): readonly string[] | undefined {
  const { required, ...rest } = objectOf(schema) ?? {};
  return Array.isArray(required) && Object.keys(rest).length === 0 ? textsOf(required) : undefined;
}
