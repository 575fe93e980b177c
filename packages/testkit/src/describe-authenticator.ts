/** @module What every authenticator must do. */
import type { Authenticator } from '@forge/core';
import { beforeEach, describe, expect, it } from 'vitest';

/** An authenticator and credentials for it. */
export interface AuthenticatorFixture {
  readonly authenticator: Authenticator;
  /** An `Authorization` header that is good. */
  readonly good: string;
  /** The id of the principal behind `good`. */
  readonly principalId: string;
  /** `Authorization` headers of this scheme that are not good, by what is wrong. */
  readonly bad: Readonly<Record<string, string>>;
}

/**
 * Runs the suite that every authenticator passes.
 *
 * @example
 * describeAuthenticator('jwt', async () => ({ authenticator, good: `Bearer ${token}`, principalId: 'a@b.c', bad: {} }));
 */
export function describeAuthenticator(name: string, create: () => Promise<AuthenticatorFixture>): void {
  describe(`authenticator: ${name}`, () => {
    let fixture: AuthenticatorFixture;
    /** As callers see it: a throw and a rejection are the same. */
    let authenticate: (authorization: string | undefined) => Promise<unknown>;

    beforeEach(async () => {
      fixture = await create();
      authenticate = async (authorization) => fixture.authenticator.authenticate({ authorization });
    });

    /** The error of credentials that are of this scheme and not good. */
    async function refusal(authorization: string): Promise<{ code: string; message: string }> {
      const thrown: unknown = await authenticate(authorization).then(
        () => expect.fail(`${authorization.slice(0, 40)} was accepted`),
        (error: unknown) => error,
      );
      expect(thrown).toMatchObject({ name: 'ForgeError' });
      return thrown as { code: string; message: string };
    }

    it('names its scheme in lower case', () => {
      expect(fixture.authenticator.scheme).toMatch(/^[a-z]+$/);
    });

    it('accepts good credentials, the first time and again', async () => {
      expect(await authenticate(fixture.good)).toMatchObject({ id: fixture.principalId });
      expect(await authenticate(fixture.good)).toMatchObject({ id: fixture.principalId });
    });

    it('answers remembered credentials synchronously', async () => {
      await authenticate(fixture.good);
      const again = fixture.authenticator.authenticate({ authorization: fixture.good });
      expect(again).not.toBeInstanceOf(Promise);
      expect(again).toMatchObject({ id: fixture.principalId });
    });

    it('gives many requests at once the same principal', async () => {
      const principals = await Promise.all(Array.from({ length: 50 }, () => authenticate(fixture.good)));
      expect(new Set(principals).size).toBe(1);
      expect(Object.isFrozen(principals[0])).toBe(true);
    });

    it('reads its scheme in any case', async () => {
      const [scheme = '', ...rest] = fixture.good.split(' ');
      for (const spelled of [scheme.toLowerCase(), scheme.toUpperCase()]) {
        expect(await authenticate([spelled, ...rest].join(' '))).toMatchObject({ id: fixture.principalId });
      }
    });

    it('leaves other schemes and absent credentials to others', async () => {
      for (const other of [undefined, '', 'Digest abc', 'Negotiate', `x${fixture.good}`, 'ünicode']) {
        expect(await authenticate(other), String(other)).toBeUndefined();
      }
    });

    it('refuses its scheme with nothing behind it', async () => {
      for (const empty of ['', ' ', '   ']) {
        expect(await refusal(`${fixture.authenticator.scheme}${empty}`)).toMatchObject({ code: 'unauthenticated' });
      }
    });

    it('refuses garbage, however long, and remembers none of it', async () => {
      const rubbish = [
        '=',
        '....',
        '\u0000',
        'ü😀',
        'a'.repeat(100_000),
        '.'.repeat(100_000),
        `${'A'.repeat(8000)}.A.A`,
      ];
      for (const credentials of rubbish) {
        const header = `${fixture.authenticator.scheme} ${credentials}`;
        expect(await refusal(header)).toMatchObject({ code: 'unauthenticated' });
        expect(await refusal(header)).toMatchObject({ code: 'unauthenticated' });
      }
    });

    it('says what is wrong without repeating a credential', async () => {
      expect(Object.keys(fixture.bad).length).toBeGreaterThan(0);
      for (const [what, authorization] of Object.entries(fixture.bad)) {
        const { code, message } = await refusal(authorization);
        expect(code, what).toBe('unauthenticated');
        expect(message.length, what).toBeGreaterThan(10);
        const credentials = authorization.slice(authorization.indexOf(' ') + 1);
        expect(message, what).not.toContain(credentials);
      }
    });

    it('still accepts good credentials after bad ones', async () => {
      for (const authorization of Object.values(fixture.bad)) await refusal(authorization);
      expect(await authenticate(fixture.good)).toMatchObject({ id: fixture.principalId });
    });
  });
}
