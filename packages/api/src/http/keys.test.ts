import { expect, test } from 'vitest';
import { z } from 'zod';
import { camelCase, checkFields, nearestOf } from './keys.ts';

test.each([
  ['auth_type', 'authType'],
  ['authType', 'authType'],
  ['mime__type', 'mimeType'],
  ['_meta', '_meta'],
  ['a_1', 'a1'],
  ['trailing_', 'trailing_'],
])('%s becomes %s', (key, camel) => {
  expect(camelCase(key)).toBe(camel);
});

const schema = z.strictObject({
  maxSize: z.number().optional(),
  env: z.record(z.string(), z.string()).optional(),
  reset: z.string().nullish(),
});

test('only keys of the first level are touched', () => {
  expect(checkFields(schema, { max_size: 1, env: { my_key: 'x' } })).toEqual({ maxSize: 1, env: { my_key: 'x' } });
});

test('a null says nothing unless the field takes it', () => {
  expect(checkFields(schema, { max_size: null, unknown: null, reset: null })).toEqual({ reset: null });
});

test('every issue is told, and fields that may be sent back are not one', () => {
  const attempt = () => checkFields(schema, { max_sise: 1, qqqqqqqq: 1, id: 'x' }, new Set(['id']));
  expect(attempt).toThrow(
    expect.objectContaining({
      data: {
        issues: [
          { field: 'max_sise', message: 'is not known here; did you mean "maxSize"?' },
          { field: 'qqqqqqqq', message: 'is not known here' },
        ],
      },
    }),
  );
});

test('twenty issues at most are looked for and told', () => {
  const issuesOf = (fields: Record<string, unknown>): unknown[] => {
    try {
      checkFields(z.strictObject({ list: z.array(z.string()).optional() }), fields);
    } catch (error) {
      return (error as { data: { issues: unknown[] } }).data.issues;
    }
    return [];
  };
  expect(issuesOf(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, 1])))).toHaveLength(20);
  expect(issuesOf({ list: Array(1000).fill(1) })).toHaveLength(20);
});

test('the nearest word is near', () => {
  expect(nearestOf('visibilty', ['visibility', 'version'])).toBe('visibility');
  expect(nearestOf('zzz', ['visibility', 'version'])).toBeUndefined();
  expect(nearestOf('a'.repeat(100_000), ['visibility'])).toBeUndefined();
});
