import type { Principal } from '@forge/core';
import { describeAuthenticator } from '@forge/testkit';
import { describe, expect, it } from 'vitest';
import { basicAuthenticator, type BasicAuthenticatorOptions } from './basic-authenticator.ts';
import { createFailures } from './failures.ts';
import { hashPassword, verifyPassword } from './password.ts';

const basic = (email: string, password: string) => `Basic ${Buffer.from(`${email}:${password}`).toString('base64')}`;

const EMAIL = 'jürgen@example.com';
const PASSWORD = 'pass:wörd 😀';
const passwordHash = await hashPassword(PASSWORD);

describeAuthenticator('basic', async () => ({
  authenticator: basicAuthenticator({
    verify: async (email, password) =>
      (await verifyPassword(password, email === EMAIL ? passwordHash : undefined))
        ? { id: email, admin: false }
        : undefined,
  }),
  good: basic(EMAIL, PASSWORD),
  principalId: EMAIL,
  bad: {
    'wrong password': basic(EMAIL, 'wrong'),
    'no password': basic(EMAIL, ''),
    'password and more': basic(EMAIL, `${PASSWORD} `),
    'unknown user': basic('nobody@example.com', PASSWORD),
    'no user': basic('', PASSWORD),
    'no colon': `Basic ${Buffer.from('no-colon-at-all').toString('base64')}`,
    'not Base64': 'Basic not*base64',
    'not UTF-8': `Basic ${Buffer.from('a\xff:b', 'latin1').toString('base64')}`,
    'a control character': basic(EMAIL, `${PASSWORD}\0`),
    'the password of the other spelling': basic(EMAIL, PASSWORD.toUpperCase()),
  },
}));

/** An authenticator that counts its checks; `x` is everybody's password. */
function counting(options: Partial<BasicAuthenticatorOptions> = {}) {
  const checked: string[] = [];
  const clock = { now: 1_000_000 };
  const authenticator = basicAuthenticator({
    async verify(email, password) {
      checked.push(email);
      await new Promise(setImmediate);
      return password === 'x' ? { id: email, admin: false } : undefined;
    },
    now: () => clock.now,
    ...options,
  });
  const authenticate = async (email: string, password = 'x') =>
    authenticator.authenticate({ authorization: basic(email, password) });
  return { authenticator, authenticate, checked, clock };
}

describe('remembered checks', () => {
  it('save checks, for a minute', async () => {
    const { authenticate, checked, clock } = counting();
    await authenticate('a@b.c');
    await authenticate('A@B.C');
    clock.now += 59_999;
    await authenticate('a@b.c');
    expect(checked).toHaveLength(1);
    clock.now += 1;
    await authenticate('a@b.c');
    expect(checked).toHaveLength(2);
  });

  it('are shared by requests at the same time', async () => {
    const { authenticate, checked } = counting();
    await Promise.all(Array.from({ length: 100 }, () => authenticate('a@b.c')));
    expect(checked).toHaveLength(1);
  });

  it('are forgotten when the password changes, also those under way', async () => {
    const { authenticator, authenticate, checked } = counting();
    await authenticate('a@b.c');
    await authenticate('other@b.c');
    authenticator.forget('a@b.c');
    const underWay = authenticate('a@b.c');
    authenticator.forget('a@b.c');
    await underWay;
    await authenticate('a@b.c');
    await authenticate('other@b.c');
    expect(checked).toEqual(['a@b.c', 'other@b.c', 'a@b.c', 'a@b.c']);
  });

  it('open nothing to a user who has been disabled, and show what a user has become', async () => {
    const users = new Map<string, Principal>([['a@b.c', { id: 'a@b.c', admin: false }]]);
    const { authenticate, checked } = counting({
      directory: { find: (email) => users.get(email) },
      verify: async (email) => {
        checked.push(email);
        return users.get(email);
      },
    });
    expect(await authenticate('a@b.c')).toMatchObject({ admin: false });
    users.set('a@b.c', { id: 'a@b.c', admin: true });
    expect(await authenticate('a@b.c')).toMatchObject({ admin: true });
    expect(checked).toHaveLength(1);
    users.clear();
    await expect(authenticate('a@b.c')).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('are bounded: the oldest goes first', async () => {
    const { authenticate, checked } = counting({ maxRemembered: 2 });
    for (const email of ['1@b.c', '2@b.c', '3@b.c', '3@b.c', '2@b.c', '1@b.c']) await authenticate(email);
    expect(checked).toEqual(['1@b.c', '2@b.c', '3@b.c', '1@b.c']);
  });
});

describe('guessing', () => {
  it('costs a wait after five failures, twice as long each time, at most five minutes', async () => {
    const { authenticate, checked, clock } = counting();
    const waits: number[] = [];
    for (let guess = 0; guess < 16; guess += 1) {
      const refusal = await authenticate('a@b.c', `guess ${guess}`).catch((error: unknown) => error);
      const { code, retryAfter } = refusal as { code: string; retryAfter?: number };
      if (code === 'too_many_requests') {
        waits.push(retryAfter ?? 0);
        clock.now += (retryAfter ?? 0) * 1000;
        await authenticate('a@b.c', `guess ${guess}`).catch(() => 'wrong again');
      }
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
    expect(checked).toHaveLength(16);
  });

  it('counts guesses that are sent at once', async () => {
    const { authenticate, checked } = counting();
    await Promise.allSettled(Array.from({ length: 30 }, (_, at) => authenticate('a@b.c', `guess ${at}`)));
    expect(checked).toHaveLength(5);
  });

  it('keeps out neither other users nor those who are remembered', async () => {
    const { authenticate } = counting();
    await authenticate('a@b.c');
    for (let guess = 0; guess < 9; guess += 1) await authenticate('a@b.c', `guess ${guess}`).catch(() => 'wrong');
    expect(await authenticate('a@b.c')).toMatchObject({ id: 'a@b.c' });
    expect(await authenticate('other@b.c')).toMatchObject({ id: 'other@b.c' });
  });

  it('is forgiven by a success, and after a quarter of an hour', async () => {
    const { authenticate, authenticator, checked, clock } = counting();
    const fail = async (times: number) => {
      for (let at = 0; at < times; at += 1) await authenticate('a@b.c', `guess ${at}`).catch(() => 'wrong');
    };
    await fail(4);
    await authenticate('a@b.c');
    await fail(5);
    expect(checked).toHaveLength(10);
    authenticator.forget('a@b.c');
    await expect(authenticate('a@b.c')).rejects.toMatchObject({ code: 'too_many_requests' });
    clock.now += 900_000;
    await fail(5);
    expect(checked).toHaveLength(15);
  });

  it('is not what a broken store is', async () => {
    const { authenticate } = counting({ verify: () => Promise.reject(new Error('store down')) });
    for (let at = 0; at < 10; at += 1) await expect(authenticate('a@b.c')).rejects.toThrow('store down');
  });

  it('remembers at most 10,000 emails', () => {
    const failures = createFailures(() => 0);
    for (let at = 0; at < 10_050; at += 1) failures.begin(`user${at}@b.c`);
    expect(failures.size).toBe(10_000);
  });

  it('has a bound on checks under way', async () => {
    const { authenticate, checked } = counting({ maxPending: 3 });
    const settled = await Promise.allSettled(Array.from({ length: 5 }, (_, at) => authenticate(`${at}@b.c`)));
    expect(settled.map(({ status }) => status)).toEqual([...Array(3).fill('fulfilled'), ...Array(2).fill('rejected')]);
    expect(checked).toHaveLength(3);
    expect(await authenticate('4@b.c')).toMatchObject({ id: '4@b.c' });
  });
});
