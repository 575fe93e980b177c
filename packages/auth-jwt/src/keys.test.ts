import { generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { jwtAuthenticator, type JwtOptions } from './jwt-authenticator.ts';
import type { SigningKey, VerifyingKey } from './keys.ts';
import { signToken } from './sign-token.ts';
import { authenticate, claims, clock, common, EMAIL, forge, refused, reset, SECRET } from './tokens.test.fixture.ts';

beforeEach(reset);

describe('signatures', () => {
  const rsa = pair(generateKeyPairSync('rsa', { modulusLength: 2048 }));
  const p256 = pair(generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  const ed25519 = pair(generateKeyPairSync('ed25519'));
  const keys: Record<string, [SigningKey, VerifyingKey]> = {
    HS256: [{ secret: SECRET }, { secret: SECRET }],
    HS384: [{ secret: SECRET }, { secret: SECRET }],
    HS512: [{ secret: SECRET }, { secret: SECRET }],
    ES256: [p256.signing, p256.verifying],
    ES384: both(generateKeyPairSync('ec', { namedCurve: 'P-384' })),
    ES512: both(generateKeyPairSync('ec', { namedCurve: 'P-521' })),
    EdDSA: [ed25519.signing, ed25519.verifying],
  };
  for (const algorithm of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) {
    keys[algorithm] = [rsa.signing, rsa.verifying];
  }
  const verifier = (key: VerifyingKey, options: Partial<JwtOptions> = {}) =>
    jwtAuthenticator({ ...common, ...options, ...key });
  const signed = async (key: SigningKey, algorithm?: string) =>
    signToken({ subject: EMAIL, expiresInMinutes: 5, now: () => clock.now, algorithm, ...key });

  it.each(Object.keys(keys))('of %s are made and verified', async (algorithm) => {
    const [signing, verifying] = keys[algorithm] ?? expect.fail(algorithm);
    const { token, jti, expiresAt } = await signed(signing, algorithm);
    expect(JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString())).toEqual({
      alg: algorithm,
      typ: 'JWT',
    });
    expect(await authenticate(token, verifier(verifying))).toMatchObject({ id: EMAIL, expiresAt: clock.now + 305_000 });
    expect(expiresAt).toBe(clock.now + 300_000);
    expect(jti).toMatch(/^[\da-f-]{36}$/);
  });

  it('of another algorithm than the one configured are refused', async () => {
    const only256 = verifier({ secret: SECRET }, { algorithm: 'HS256' });
    expect(await authenticate((await signed({ secret: SECRET }, 'HS256')).token, only256)).toMatchObject({ id: EMAIL });
    const { token } = await signed({ secret: SECRET }, 'HS512');
    await expect(authenticate(token, only256)).rejects.toMatchObject(refused('accepted: HS256'));
  });

  it.each(['none', 'None', 'NONE', '', 'HS256 ', 'hs256', 'dir', 'toString', '__proto__'])(
    'of the algorithm %j are refused',
    async (alg) => {
      const whole = forge(claims(), { alg });
      for (const token of [whole, `${whole.slice(0, whole.lastIndexOf('.'))}.`]) {
        await expect(authenticate(token)).rejects.toMatchObject({ code: 'unauthenticated' });
      }
    },
  );

  it('by HMAC with a public key are refused, and so is a public key as the secret', async () => {
    for (const { verifying } of [rsa, p256, ed25519]) {
      const publicKey = verifying.publicKey ?? '';
      for (const secret of [publicKey, publicKey.trim(), publicKey.replaceAll(/-----.*-----|\n/g, '')]) {
        await expect(authenticate(forge(claims(), {}, secret), verifier(verifying))).rejects.toMatchObject(
          refused('algorithm'),
        );
      }
      expect(() => verifier({ secret: publicKey })).toThrow('PEM');
    }
  });

  it('of a foreign key are refused, also when the token brings the key along', async () => {
    const foreign = pair(generateKeyPairSync('rsa', { modulusLength: 2048 }));
    const { token } = await signToken({
      subject: EMAIL,
      expiresInMinutes: 5,
      now: () => clock.now,
      ...foreign.signing,
    });
    await expect(authenticate(token, verifier(rsa.verifying))).rejects.toMatchObject(refused('signature'));
    const jwk = { kty: 'oct', k: Buffer.from('mine').toString('base64url') };
    const bringing = forge(claims(), { jwk, jku: 'http://127.0.0.1:1/', kid: '../../dev/null', x5c: ['AAAA'] }, 'mine');
    await expect(authenticate(bringing)).rejects.toMatchObject(refused('signature'));
  });

  it('do not cover a payload or header that was changed', async () => {
    const [header, , signature] = forge(claims({ sub: 'user@example.com' })).split('.');
    const payload = Buffer.from(JSON.stringify(claims())).toString('base64url');
    await expect(authenticate(`${header}.${payload}.${signature}`)).rejects.toMatchObject(refused('signature'));
    const renamed = Buffer.from('{"alg":"HS256","typ":"jwt"}').toString('base64url');
    await expect(authenticate(`${renamed}.${payload}.${signature}`)).rejects.toMatchObject(refused('signature'));
  });

  it('do not help a header that asks for something else', async () => {
    for (const header of [{ typ: 'logout+jwt' }, { typ: 'JWE' }, { typ: 7 }, { typ: '' }]) {
      await expect(authenticate(forge(claims(), header)), JSON.stringify(header)).rejects.toMatchObject(
        refused('type'),
      );
    }
    for (const header of [{ crit: ['exp'] }, { b64: false, crit: ['b64'] }, { crit: [] }]) {
      await expect(authenticate(forge(claims(), header))).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    for (const header of [{ typ: undefined }, { typ: 'at+jwt' }, { typ: 'jwt' }]) {
      expect(await authenticate(forge(claims(), header))).toMatchObject({ id: EMAIL });
    }
  });

  it('do not help a payload that is no object', async () => {
    for (const payload of ['null', '[]', '"text"', '{', '\xff', '{"sub":1}{']) {
      await expect(authenticate(forge(payload)), payload).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  it('need keys that are good for them', () => {
    const small = pair(generateKeyPairSync('rsa', { modulusLength: 1024 }));
    const koblitz = pair(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }));
    const x25519 = pair(generateKeyPairSync('x25519'));
    const bad: [VerifyingKey, string][] = [
      [{ secret: '' }, 'empty'],
      [{ publicKey: 'x' }, 'not PEM'],
      [small.verifying, '2048'],
      [koblitz.verifying, 'secp256k1'],
      [x25519.verifying, 'x25519'],
    ];
    for (const [key, message] of bad) expect(() => verifier(key)).toThrow(message);
    expect(() => verifier(rsa.verifying, { algorithm: 'HS256' })).toThrow('HS256 does not go with this key');
    expect(() => verifier({ secret: SECRET }, { algorithm: 'RS256' })).toThrow('RS256 does not go with this key');
  });
});

/** A pair of keys as PEM. */
function pair({ publicKey, privateKey }: KeyPairKeyObjectResult) {
  return {
    signing: { privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    verifying: { publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
  };
}

function both(keys: KeyPairKeyObjectResult): [SigningKey, VerifyingKey] {
  const { signing, verifying } = pair(keys);
  return [signing, verifying];
}
