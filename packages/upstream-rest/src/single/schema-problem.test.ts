import { Ajv2020 } from 'ajv/dist/2020.js';
import { anything, array, assert, constantFrom, dictionary, letrec, oneof, property } from 'fast-check';
import { expect, it } from 'vitest';
import { schemaProblem } from './schema-problem.ts';

const metaSchema = new Ajv2020({ strict: false, validateFormats: false }).getSchema(
  'https://json-schema.org/draft/2020-12/schema',
);

it.each<[unknown, string, string]>([
  [{ type: 'strnig' }, '.type', 'must be one of array, boolean'],
  [{ properties: { a: { type: [] } } }, '.properties.a.type', 'must be one of'],
  [{ properties: [] }, '.properties', 'must be an object'],
  [{ items: [{}] }, '.items', 'must be a schema'],
  [{ anyOf: [{}, { required: 'a' }] }, '.anyOf.1.required', 'must be a list of texts'],
  [{ oneOf: [] }, '.oneOf', 'at least one schema'],
  [{ dependentRequired: { a: ['b', 'b'] } }, '.dependentRequired.a', 'none of them twice'],
  [{ minLength: -1 }, '.minLength', '0 or more'],
  [{ maximum: '7' }, '.maximum', 'must be a number'],
  [{ multipleOf: 0 }, '.multipleOf', 'above 0'],
  [{ not: { enum: 'a' } }, '.not.enum', 'must be a list'],
  [7, '', 'must be a schema'],
])('%j is none', (value, at, message) => {
  expect(schemaProblem(value)).toEqual({ at, message: expect.stringContaining(message) as string });
});

it('agrees with the meta-schema', () => {
  const KEYWORDS = [
    ...'additionalProperties items not allOf anyOf oneOf prefixItems $defs properties dependentRequired type required'.split(
      ' ',
    ),
    ...'enum title description minItems maxLength minimum multipleOf uniqueItems deprecated x-own default const'.split(
      ' ',
    ),
  ];
  const { value } = letrec((tie) => ({
    value: oneof(
      { maxDepth: 4 },
      constantFrom<unknown>('object', 'string', 'nil', true, false, null, 0, -1, 1.5, 3, [], ['a', 'a'], ['a', 'b']),
      dictionary(constantFrom(...KEYWORDS), tie('value'), { maxKeys: 3 }),
      array(tie('value'), { maxLength: 2 }),
      dictionary(constantFrom('a', 'b'), tie('value'), { maxKeys: 2 }),
    ),
  }));
  assert(
    property(oneof(value, anything({ maxDepth: 3 })), (sample) => {
      const json = JSON.parse(JSON.stringify(sample) ?? 'null') as unknown;
      const isSchema = metaSchema?.(json) === true;
      expect(schemaProblem(json) === undefined, JSON.stringify(json)).toBe(isSchema);
    }),
    { numRuns: 3000 },
  );
});
