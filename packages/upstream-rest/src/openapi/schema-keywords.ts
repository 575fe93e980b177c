/** @module The keywords of JSON Schema 2020-12, by what their values are; what a value is not fit for is not kept. */

/** What a keyword's value is. */
export type KeywordKind = 'number' | 'count' | 'schema' | 'schemas' | 'named' | 'flag' | 'texts' | 'any';

/** Keywords that say what a value must be, past its shape: of use to whoever makes one. */
const CONSTRAINTS: Readonly<Record<string, KeywordKind>> = {
  multipleOf: 'number',
  maximum: 'number',
  exclusiveMaximum: 'number',
  minimum: 'number',
  exclusiveMinimum: 'number',
  maxLength: 'count',
  minLength: 'count',
  maxItems: 'count',
  minItems: 'count',
  maxContains: 'count',
  minContains: 'count',
  maxProperties: 'count',
  minProperties: 'count',
  uniqueItems: 'flag',
  contains: 'schema',
  not: 'schema',
  if: 'schema',
  // oxlint-disable-next-line unicorn/no-thenable -- a JSON Schema keyword, on an object that nobody awaits
  then: 'schema',
  else: 'schema',
  propertyNames: 'schema',
  unevaluatedItems: 'schema',
  unevaluatedProperties: 'schema',
  dependentSchemas: 'named',
  default: 'any',
  deprecated: 'flag',
};

/** Keywords that say what shape a value has. */
export const SHAPE: Readonly<Record<string, KeywordKind>> = {
  properties: 'named',
  patternProperties: 'named',
  additionalProperties: 'schema',
  required: 'texts',
  prefixItems: 'schemas',
  items: 'schema',
  allOf: 'schemas',
  anyOf: 'schemas',
  oneOf: 'schemas',
  const: 'any',
};

/** Both. */
export const ALL: Readonly<Record<string, KeywordKind>> = { ...SHAPE, ...CONSTRAINTS };

/** Keywords whose schemas are for the same value, not for one inside it. */
export const IN_PLACE: ReadonlySet<string> = new Set([
  'allOf',
  'anyOf',
  'oneOf',
  'not',
  'if',
  'then',
  'else',
  'dependentSchemas',
]);

/** Values of `type`. */
export const TYPES: ReadonlySet<unknown> = new Set([
  'string',
  'number',
  'integer',
  'boolean',
  'object',
  'array',
  'null',
]);

/** Whether a value is one that its keyword can have; schemas are looked at elsewhere. */
export function isFit(kind: KeywordKind, value: unknown, keyword: string): boolean {
  switch (kind) {
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) && (keyword !== 'multipleOf' || value > 0);
    case 'count':
      return Number.isInteger(value) && (value as number) >= 0;
    case 'flag':
      return typeof value === 'boolean';
    case 'texts':
      return Array.isArray(value);
    default:
      return value !== undefined;
  }
}
