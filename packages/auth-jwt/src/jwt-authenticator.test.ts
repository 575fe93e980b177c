import { describeAuthenticator } from '@forge/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  authenticate,
  claims,
  clock,
  EMAIL,
  forge,
  refused,
  reset,
  revoked,
  sign,
  users,
  withSecret,
} from './tokens.test.fixture.ts';

beforeEach(reset);

describeAuthenticator('jwt', async () => {
  reset();
  const { token } = await sign();
  const [header = '', payload = '', signature = ''] = token.split('.');
  return {
    authenticator: withSecret(),
    good: `Bearer ${token}`,
    principalId: EMAIL,
    bad: {
      'another signature': `Bearer ${header}.${payload}.${signature.toLowerCase()}`,
      'no signature': `Bearer ${header}.${payload}.`,
      'no parts': 'Bearer something-opaque-entirely',
      'another secret': `Bearer ${forge(claims(), {}, 'another')}`,
      expired: `Bearer ${forge(claims({ exp: 1 }))}`,
      'unknown user': `Bearer ${forge(claims({ sub: 'nobody@example.com' }))}`,
    },
  };
});

describe('remembering', () => {
  it('answers a token synchronously, with the same principal, until it expires', async () => {
    const authenticator = withSecret();
    const { token } = await sign({ serverId: 'one' });
    const credentials = { authorization: `Bearer ${token}` };
    const first = await authenticator.authenticate(credentials);
    expect(first).toMatchObject({ serverId: 'one' });
    expect(authenticator.authenticate(credentials)).toBe(first);
    clock.now += 3_605_000;
    expect(() => authenticator.authenticate(credentials)).toThrow('expired');
    expect(authenticator.remembered).toBe(0);
  });

  it('ends at once with a revocation, whether remembered, under way or new', async () => {
    const authenticator = withSecret();
    const { token, jti } = await sign();
    const underWay = authenticate(token, authenticator);
    revoked.add(jti);
    await expect(underWay).rejects.toMatchObject(refused('revoked'));
    revoked.clear();
    await authenticate(token, authenticator);
    expect(authenticator.remembered).toBe(1);
    revoked.add(jti);
    await expect(authenticate(token, authenticator)).rejects.toMatchObject(refused('revoked'));
    expect(authenticator.remembered).toBe(0);
  });

  it('forgets by id', async () => {
    const authenticator = withSecret();
    const [one, two] = [await sign(), await sign()];
    await authenticate(one.token, authenticator);
    await authenticate(two.token, authenticator);
    authenticator.forget(one.jti);
    authenticator.forget('unknown');
    expect(authenticator.remembered).toBe(1);
    expect(authenticator.authenticate({ authorization: `Bearer ${two.token}` })).not.toBeInstanceOf(Promise);
  });

  it('follows the directory at once', async () => {
    const authenticator = withSecret();
    const { token } = await sign();
    const credentials = { authorization: `Bearer ${token}` };
    const first = await authenticator.authenticate(credentials);
    users.set(EMAIL, { id: EMAIL, admin: true });
    expect(authenticator.authenticate(credentials)).toBe(first);
    users.set(EMAIL, { id: EMAIL, admin: false });
    expect(authenticator.authenticate(credentials)).toMatchObject({ admin: false });
    users.delete(EMAIL);
    expect(() => authenticator.authenticate(credentials)).toThrow('unknown or disabled');
  });

  it('keeps 10,000 tokens, and lets the first go for the next', async () => {
    const authenticator = withSecret();
    const tokens = Array.from({ length: 10_001 }, (_, at) => forge(claims({ jti: `jti-${at}` })));
    const isRemembered = (at: number) =>
      !(authenticator.authenticate({ authorization: `Bearer ${tokens[at]}` }) instanceof Promise);
    // Of those under verification at once, any may be done first.
    for (const token of tokens.slice(0, 3)) await authenticate(token, authenticator);
    for (let at = 3; at < 10_000; at += 100) {
      await Promise.all(
        tokens.slice(at, Math.min(at + 100, 10_000)).map((token) => authenticate(token, authenticator)),
      );
    }
    expect(authenticator.remembered).toBe(10_000);
    await authenticate(tokens.at(-1) ?? '', authenticator);
    expect(authenticator.remembered).toBe(10_000);
    expect([1, 2, 9_999].map(isRemembered)).toEqual([true, true, true]);
    expect(isRemembered(0)).toBe(false);
  });

  it('remembers nothing of refused tokens', async () => {
    const authenticator = withSecret();
    for (let at = 0; at < 50; at += 1) {
      await expect(authenticate(forge(claims(), {}, `guess ${at}`), authenticator)).rejects.toThrow('signature');
    }
    expect(authenticator.remembered).toBe(0);
  });

  it('verifies a bounded number at once, and then more', async () => {
    const authenticator = withSecret({ maxPending: 3 });
    const tokens = Array.from({ length: 5 }, (_, at) => forge(claims({ jti: `jti-${at}` })));
    const results = await Promise.allSettled(tokens.map((token) => authenticate(token, authenticator)));
    expect(results.map(({ status }) => status)).toEqual([...Array(3).fill('fulfilled'), ...Array(2).fill('rejected')]);
    expect(results[4]).toMatchObject({ reason: { code: 'too_many_requests', retryAfter: 1 } });
    expect(await authenticate(tokens[4] ?? '', authenticator)).toMatchObject({ id: EMAIL });
  });

  it('refuses a huge token before it looks at it', async () => {
    const token = forge(claims({ padding: 'x'.repeat(9_000) }));
    await expect(authenticate(token)).rejects.toMatchObject(refused('longer than 8192'));
    await expect(authenticate('a'.repeat(5_000_000))).rejects.toMatchObject(refused('longer than 8192'));
  });
});
