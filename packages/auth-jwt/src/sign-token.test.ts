import { beforeEach, describe, expect, it } from 'vitest';
import { authenticate, EMAIL, refused, reset, seconds, sign, withSecret } from './tokens.test.fixture.ts';

beforeEach(reset);

describe('signToken', () => {
  it('makes tokens that never expire, for those who accept them', async () => {
    const { token, expiresAt } = await sign({ expiresInMinutes: 0 });
    expect(expiresAt).toBeUndefined();
    await expect(authenticate(token)).rejects.toMatchObject(refused('no "exp"'));
    const principal = await authenticate(token, withSecret({ requireExp: false }));
    expect(principal).toMatchObject({ id: EMAIL, expiresAt: undefined });
  });

  it('says exactly what was asked for', async () => {
    const { token, jti } = await sign({ expiresInMinutes: 0.5, serverId: 's', issuer: 'i', audience: 'a' });
    expect(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())).toEqual({
      sub: EMAIL,
      iss: 'i',
      aud: 'a',
      jti,
      iat: seconds(),
      exp: seconds() + 30,
      scopes: { server_id: 's' },
    });
  });

  it('refuses what makes no sense', async () => {
    for (const expiresInMinutes of [-1, Number.NaN, Infinity]) {
      await expect(sign({ expiresInMinutes })).rejects.toMatchObject({ code: 'validation_failed' });
    }
    await expect(sign({ subject: ' ' })).rejects.toMatchObject({ code: 'validation_failed' });
    await expect(sign({ algorithm: 'RS256' })).rejects.toMatchObject({ code: 'validation_failed' });
    await expect(sign({ algorithm: 'none' })).rejects.toMatchObject({ code: 'validation_failed' });
  });
});
