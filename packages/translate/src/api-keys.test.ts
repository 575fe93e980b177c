import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { createAuthenticate } from './api-keys.ts';

const KEYS = ['first-key', 'second-key'];
const from = (headers: Record<string, string>) => ({ headers }) as unknown as IncomingMessage;

it('nobody is asked where there is no key', () => {
  expect(createAuthenticate({ keys: [], inAuthorization: true })(from({}))).toEqual({ id: 'anyone' });
});

it.each([
  [{ authorization: 'Bearer first-key' }, 'key-1'],
  [{ authorization: 'bearer second-key' }, 'key-2'],
  [{ 'x-api-key': 'second-key' }, 'key-2'],
])('%j is %s', (headers, id) => {
  expect(createAuthenticate({ keys: KEYS, inAuthorization: true })(from(headers))).toEqual({ id });
});

it.each([
  {},
  { authorization: 'first-key' },
  { authorization: 'Bearer ' },
  { 'x-api-key': '' },
  { 'x-api-key': 'first' },
])('%j is nobody', (headers) => {
  const authenticate = createAuthenticate({ keys: KEYS, inAuthorization: true });
  expect(() => authenticate(from(headers as Record<string, string>))).toThrow(
    expect.objectContaining({ code: 'unauthenticated' }),
  );
});

it('a key is not looked for in an Authorization that is for a server', () => {
  const authenticate = createAuthenticate({ keys: KEYS, inAuthorization: false });
  expect(() => authenticate(from({ authorization: 'Bearer first-key' }))).toThrow();
  expect(authenticate(from({ authorization: 'Bearer other', 'x-api-key': 'first-key' }))).toEqual({ id: 'key-1' });
});
