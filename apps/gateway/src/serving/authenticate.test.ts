import type { Authenticator, Principal } from '@forge/core';
import { describe, expect, it } from 'vitest';
import { createAuthenticate } from './authenticate.ts';

const ada: Principal = { id: 'ada', admin: false };
const bob: Principal = { id: 'bob', admin: false };
const scheme = (name: string, answer: (text: string) => Principal | Promise<Principal | undefined>): Authenticator => ({
  scheme: name,
  authenticate: ({ authorization }) => (authorization?.startsWith(name) === true ? answer(authorization) : undefined),
});
const authenticators = [
  scheme('basic', async () => bob),
  scheme('bearer', () => ada),
  scheme('late', async () => undefined),
];

describe('who calls', () => {
  const authenticate = createAuthenticate(authenticators, true);

  it('is answered synchronously where the authenticator does', () => {
    expect(authenticate('bearer x')).toBe(ada);
  });

  it('is answered by the authenticator of the scheme', async () => {
    await expect(authenticate('basic x')).resolves.toBe(bob);
  });

  it('is refused without credentials, and with those of no known scheme', async () => {
    const refused = expect.objectContaining({ code: 'unauthenticated' });
    expect(() => authenticate(undefined)).toThrow(refused);
    expect(() => authenticate('digest x')).toThrow(refused);
    await expect(authenticate('late x')).rejects.toEqual(refused);
  });

  it('is an anonymous administrator where nothing is required, but bad credentials stay bad', () => {
    const open = createAuthenticate(authenticators, false);
    expect(open(undefined)).toEqual({ id: 'anonymous', admin: true });
    expect(open('bearer x')).toBe(ada);
    expect(() => open('digest x')).toThrow(expect.objectContaining({ code: 'unauthenticated' }));
  });
});
