/**
 * @module What keeps a value from being a JSON Schema (2020-12): clients refuse a tool, or each of its answers, for it. Looks at
 * the keywords of the meta-schema; unknown ones are let through, as there.
 */

/** What is wrong, and where: keys and indices below the schema, each behind a dot. */
export interface SchemaProblem {
  readonly at: string;
  readonly message: string;
}

type Rule = (value: unknown, at: string) => SchemaProblem | undefined;

const TYPES: readonly unknown[] = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string'];

const must = (accepts: (value: unknown) => boolean, message: string): Rule => {
  return (value, at) => (accepts(value) ? undefined : { at, message });
};
const isText = (value: unknown): boolean => typeof value === 'string';
const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0;
const areNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every(isText) && new Set(value).size === value.length;

const text = must(isText, 'must be a text');
const count = must(isCount, 'must be a whole number, 0 or more');
const number = must((value) => typeof value === 'number', 'must be a number');
const truth = must((value) => typeof value === 'boolean', 'must be true or false');
const list = must(Array.isArray, 'must be a list');
const names = must(areNames, 'must be a list of texts, none of them twice');
const type = must(
  (value) => {
    const all = Array.isArray(value) ? (value as readonly unknown[]) : [value];
    return all.length > 0 && all.every((one) => TYPES.includes(one)) && new Set(all).size === all.length;
  },
  `must be one of ${TYPES.join(', ')}, or a list of them`,
);

const schemas: Rule = (value, at) => {
  if (!Array.isArray(value) || value.length === 0) return { at, message: 'must be a list of at least one schema' };
  return first(value.entries(), (key, one) => problemAt(one, `${at}.${key}`));
};
const eachOf = (rule: Rule): Rule => {
  return (value, at) => {
    if (!isObject(value)) return { at, message: 'must be an object' };
    return first(Object.entries(value), (key, one) => rule(one, `${at}.${key}`));
  };
};
const schema: Rule = (value, at) => problemAt(value, at);

const RULES: ReadonlyMap<string, Rule> = new Map(
  (
    [
      [
        schema,
        'additionalProperties contains else if items not propertyNames then unevaluatedItems unevaluatedProperties',
      ],
      [schemas, 'allOf anyOf oneOf prefixItems'],
      [eachOf(schema), '$defs definitions dependentSchemas patternProperties properties'],
      [eachOf(names), 'dependentRequired'],
      [type, 'type'],
      [names, 'required'],
      [list, 'enum examples'],
      [text, '$anchor $comment $id $ref $schema contentEncoding contentMediaType description format pattern title'],
      [count, 'maxContains maxItems maxLength maxProperties minContains minItems minLength minProperties'],
      [number, 'exclusiveMaximum exclusiveMinimum maximum minimum'],
      [must((value) => typeof value === 'number' && value > 0, 'must be a number above 0'), 'multipleOf'],
      [truth, 'deprecated readOnly uniqueItems writeOnly'],
    ] as const
  ).flatMap(([rule, keywords]) => keywords.split(' ').map((keyword) => [keyword, rule] as const)),
);

/** The first problem of what should be a schema; `undefined`: it is one. */
export function schemaProblem(value: unknown): SchemaProblem | undefined {
  return problemAt(value, '');
}

function problemAt(value: unknown, at: string): SchemaProblem | undefined {
  if (typeof value === 'boolean') return undefined;
  if (!isObject(value)) return { at, message: 'must be a schema: an object, true or false' };
  return first(Object.entries(value), (keyword, one) => RULES.get(keyword)?.(one, `${at}.${keyword}`));
}

function first<K>(
  entries: Iterable<readonly [K, unknown]>,
  find: (key: K, value: unknown) => SchemaProblem | undefined,
): SchemaProblem | undefined {
  for (const [key, value] of entries) {
    const problem = find(key, value);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
