import { expect, test } from 'vitest';
import { z } from 'zod';
import { camelCase, checkFields } from './keys.ts';
import { nearestOf } from './nearest.ts';

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

const nested = z.strictObject({
  auth: z.preprocess((value) => value, z.strictObject({ authType: z.string() })).optional(),
  list: z
    .array(z.strictObject({ key: z.string() }))
    .max(1)
    .optional(),
  texts: z.record(z.string(), z.string()).optional(),
  count: z.int().min(1).optional(),
  name: z.string().min(1).max(3).optional(),
  scopes: z.union([z.array(z.string()), z.string()]).optional(),
  kind: z.enum(['a', 'b']).optional(),
  grant: z.literal('client_credentials').optional(),
});

test.each<[Record<string, unknown>, string]>([
  [{ auth: { authtype: 'x', authType: 'y' } }, 'auth.authtype: is not known here; did you mean "authType"?'],
  [{ auth: {} }, 'auth.authType: is missing'],
  [{ list: [{ key: 'x', kee: 1 }] }, 'list.0.kee: is not known here; did you mean "key"?'],
  [{ list: 'x' }, 'list: must be a list, not a text'],
  [{ list: [{ key: 'x' }, { key: 'y' }] }, 'list: must have at most 1 elements'],
  [{ texts: [] }, 'texts: must be an object, not a list'],
  [{ texts: { a: 1 } }, 'texts.a: must be a text, not a number'],
  [{ count: 1.5 }, 'count: must be a whole number, not a number'],
  [{ count: '1' }, 'count: must be a number, not a text'],
  [{ count: 0 }, 'count: must be at least 1'],
  [{ name: 'long' }, 'name: must have at most 3 characters'],
  [{ scopes: 1 }, 'scopes: must be a list or a text'],
  [{ kind: 'c' }, 'kind: must be one of a, b'],
  [{ grant: 'code' }, 'grant: must be client_credentials'],
])('%j: %s', (fields, message) => {
  expect(() => checkFields(nested, fields)).toThrow(expect.objectContaining({ message }));
});

test('fields of ContextForge that there are not here are taken while they ask for nothing', () => {
  const foreign = { teamId: (value: unknown) => (value === '' ? undefined : 'leave it out') };
  expect(checkFields(schema, { max_size: 1, team_id: '' }, undefined, foreign)).toEqual({ maxSize: 1 });
  expect(() => checkFields(schema, { team_id: 'a' }, undefined, foreign)).toThrow('team_id: leave it out');
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
  expect(nearestOf('endpoint', ['endpointUrl', 'enabled'])).toBe('endpointUrl');
  expect(nearestOf('auth', ['authType', 'authToken'])).toBeUndefined();
  expect(nearestOf('a'.repeat(100_000), ['visibility'])).toBeUndefined();
});
