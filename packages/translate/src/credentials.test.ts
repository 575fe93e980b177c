import { expect, it } from 'vitest';
import { readCredentials, refusalOf } from './credentials.ts';

const MAPPING = new Map([
  ['x-token', 'TOKEN'],
  ['x-tenant', 'TENANT'],
]);

it('what is mapped becomes variables, under a key that tells nothing of them', () => {
  const headers = { 'x-token': 'a secret', 'x-other': 'b' };
  const credentials = readCredentials(MAPPING, headers);
  expect(credentials?.env).toEqual({ TOKEN: 'a secret' });
  expect(credentials?.key).toMatch(/^[0-9a-f]{64}$/);
  expect(readCredentials(MAPPING, headers)?.key).toBe(credentials?.key);
  expect(readCredentials(MAPPING, { 'x-tenant': 'a secret' })?.key).not.toBe(credentials?.key);
});

it('a client that sends none of it has no credentials', () => {
  expect(readCredentials(MAPPING, { 'x-other': 'b' })).toBeUndefined();
});

it.each(['x'.repeat(10_000), 'a\u0000b', 'é', 'a\nb'])('%j cannot be a value', (value) => {
  expect(() => readCredentials(MAPPING, { 'x-token': value })).toThrow(
    expect.objectContaining({ code: 'invalid_request' }),
  );
});

it.each(['LD_PRELOAD', 'path', 'NODE_OPTIONS', 'BASH_ENV', 'PYTHONSTARTUP', 'GIT_SSH_COMMAND', 'A-B', ''])(
  'no client may set %j',
  (variable) => expect(refusalOf(variable)).toBeDefined(),
);

it('clients may set what servers ask for', () => {
  expect(['GITHUB_TOKEN', 'API_KEY', 'TENANT_ID'].map(refusalOf)).toEqual([undefined, undefined, undefined]);
});
