import type { Principal } from '@forge/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { rememberCaller } from './remember-caller.ts';

let asked: (string | undefined)[];
let epoch: number;
let now: number;
beforeEach(() => {
  asked = [];
  epoch = 1;
  now = 1000;
});

function remembering(expiresAt?: number) {
  const authenticate = (authorization: string | undefined): Principal => {
    asked.push(authorization);
    if (authorization === 'bad') throw new Error('refused');
    return { id: `user of ${authorization}`, admin: false, expiresAt };
  };
  return rememberCaller(
    authenticate,
    () => epoch,
    () => now,
  );
}

describe('the caller of a connection', () => {
  it('is authenticated once for the same header', () => {
    const connection = {};
    const caller = remembering();
    expect(caller(connection, 'a')).toBe(caller(connection, 'a'));
    expect(asked).toEqual(['a']);
  });

  it('is authenticated again for another header, and never from what another connection sent', () => {
    const connection = {};
    const caller = remembering();
    expect(caller(connection, 'a')).toMatchObject({ id: 'user of a' });
    expect(caller(connection, 'b')).toMatchObject({ id: 'user of b' });
    expect(caller(connection, undefined)).toMatchObject({ id: 'user of undefined' });
    expect(caller({}, 'b')).toMatchObject({ id: 'user of b' });
    expect(asked).toEqual(['a', 'b', undefined, 'b']);
  });

  it('is authenticated again after a change of tokens or users, and when the token has expired', () => {
    const connection = {};
    const caller = remembering(2000);
    void caller(connection, 'a');
    epoch = 2;
    void caller(connection, 'a');
    now = 1999;
    void caller(connection, 'a');
    now = 2000;
    void caller(connection, 'a');
    expect(asked).toEqual(['a', 'a', 'a']);
  });

  it('is not remembered when the credentials were refused', () => {
    const connection = {};
    const caller = remembering();
    expect(() => caller(connection, 'bad')).toThrow('refused');
    expect(() => caller(connection, 'bad')).toThrow('refused');
    expect(asked).toEqual(['bad', 'bad']);
  });

  it('is remembered by the epoch in which it was asked for, also when the answer comes later', async () => {
    const connection = {};
    const later = rememberCaller(
      async () => {
        asked.push('later');
        return { id: 'x', admin: false };
      },
      () => epoch,
    );
    const answer = later(connection, 'a');
    epoch = 2;
    await answer;
    await later(connection, 'a');
    expect(asked).toEqual(['later', 'later']);
  });
});
