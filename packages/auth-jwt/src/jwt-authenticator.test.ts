import { createHmac, generateKeyPairSync } from 'node:crypto';
import type { Principal } from '@forge/core';
import { describeAuthenticator } from '@forge/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import { jwtAuthenticator, type JwtAuthenticatorOptions, type JwtOptions } from './jwt-authenticator.ts';
import type { SigningKey, VerifyingKey } from './keys.ts';
import { signToken, type TokenOptions } from './sign-token.ts';

const SECRET = 'my-test-key'; // as short as ContextForge's README has it
const EMAIL = 'admin@example.com';
const users = new Map<string, Principal>();
const revoked = new Set<string>();
const clock = { now: Date.UTC(2026, 5, 1) };
const common: JwtOptions = {
  directory: { find: (email) => users.get(email) },
  isRevoked: (jti) => revoked.has(jti),
  now: () => clock.now,
};

beforeEach(() => {
  users.clear();
  users.set(EMAIL, { id: EMAIL, admin: true });
  revoked.clear();
  clock.now = Date.UTC(2026, 5, 1);
});

const withSecret = (options: Partial<JwtOptions> = {}) => jwtAuthenticator({ ...common, ...options, secret: SECRET });
const sign = async (options: Partial<TokenOptions> = {}) =>
  signToken({ subject: EMAIL, expiresInMinutes: 60, now: () => clock.now, ...options, secret: SECRET });

/** A token made by hand, signed by HMAC with `secret`. */
function forge(claims: unknown, header: object = {}, secret = SECRET): string {
  const part = (value: unknown) =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'HS256', typ: 'JWT', ...header })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

const seconds = () => Math.floor(clock.now / 1000);
/** Claims that are good. */
const claims = (more: object = {}) => ({
  sub: EMAIL,
  iss: 'mcpgateway',
  aud: 'mcpgateway-api',
  jti: 'an-id',
  exp: seconds() + 60,
  ...more,
});

const authenticate = async (token: string, authenticator = withSecret()) =>
  authenticator.authenticate({ authorization: `Bearer ${token}` });
const refused = (message: string) => ({ code: 'unauthenticated', message: expect.stringContaining(message) as string });

describeAuthenticator('jwt', async () => {
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

describe('claims', () => {
  it.each<[string, object, string]>([
    ['an exp in the past', { exp: 1_000 }, 'expired'],
    ['an nbf in the future', { nbf: 4_000_000_000 }, 'not valid yet'],
    ['another issuer', { iss: 'evil' }, 'another issuer'],
    ['several issuers', { iss: ['mcpgateway'] }, 'another issuer'],
    ['no issuer', { iss: undefined }, 'no "iss"'],
    ['another audience', { aud: 'evil' }, 'another audience'],
    ['no audience', { aud: undefined }, 'no "aud"'],
    ['no exp', { exp: undefined }, 'no "exp"'],
    ['an exp that is a string', { exp: '4000000000' }, '"exp" claim has the wrong form'],
    ['an exp beyond all dates', { exp: 1e300 }, '"exp" claim has the wrong form'],
    ['an nbf that is a string', { nbf: '1' }, '"nbf" claim has the wrong form'],
    ['no jti', { jti: undefined }, 'no "jti"'],
    ['an empty jti', { jti: '' }, '"jti" claim has the wrong form'],
    ['a jti that is a number', { jti: 7 }, '"jti" claim has the wrong form'],
    ['a jti that is too long', { jti: 'x'.repeat(256) }, '"jti" claim has the wrong form'],
    ['no subject', { sub: undefined }, 'no "sub"'],
    ['a subject that is an object', { sub: { email: EMAIL } }, '"sub" claim has the wrong form'],
    ['a blank subject beside a username', { sub: ' ', username: EMAIL }, '"sub" claim has the wrong form'],
    ['an unknown subject', { sub: 'nobody@example.com' }, 'unknown or disabled'],
    ['a subject with a look-alike', { sub: 'аdmin@example.com' }, 'unknown or disabled'],
    ['a server_id that is a list', { scopes: { server_id: ['a'] } }, '"scopes.server_id" claim has the wrong form'],
    ['an empty server_id', { scopes: { server_id: '' } }, '"scopes.server_id" claim has the wrong form'],
    ['scopes that are a list', { scopes: ['admin'] }, '"scopes" claim has the wrong form'],
    ['limits to addresses', { scopes: { ip_restrictions: ['10.0.0.0/8'] } }, '"scopes.ip_restrictions"'],
    ['limits to permissions', { scopes: { permissions: ['tools.read'] } }, '"scopes.permissions"'],
    ['an unknown limit', { scopes: { moon_phase: 'full' } }, '"scopes.moon_phase"'],
  ])('with %s are refused', async (_, wrong, message) => {
    await expect(authenticate(forge(claims(wrong)))).rejects.toMatchObject(refused(message));
  });

  it.each<[string, object, object]>([
    ['a username in place of the subject', { sub: undefined, username: EMAIL }, { id: EMAIL }],
    ['a subject in other case', { sub: 'ADMIN@example.com' }, { id: EMAIL }],
    ['an audience among others', { aud: ['x', 'mcpgateway-api'] }, { id: EMAIL }],
    ['a virtual server', { scopes: { server_id: 'ü/😀' } }, { serverId: 'ü/😀' }],
    [
      'scopes that limit nothing',
      { scopes: { server_id: null, permissions: ['*'], ip_restrictions: [], usage_limits: {} } },
      { serverId: undefined },
    ],
    ['claims of others', { teams: ['a'], is_admin: false, ünïcode: '😀' }, { admin: true }],
  ])('with %s are accepted', async (_, more, principal) => {
    expect(await authenticate(forge(claims(more)))).toMatchObject(principal);
  });

  it('say who is an administrator only to the directory', async () => {
    users.set('user@example.com', { id: 'user@example.com', admin: false });
    const token = forge(claims({ sub: 'user@example.com', is_admin: true, admin: true, id: EMAIL }));
    expect(await authenticate(token)).toEqual({
      id: 'user@example.com',
      admin: false,
      serverId: undefined,
      expiresAt: (seconds() + 60 + 5) * 1000,
    });
  });

  it('may lack exp and jti, and the subject be unknown, where that is allowed', async () => {
    const lenient = withSecret({ requireExp: false, requireJti: false, allowUnknownSubjects: true });
    const token = forge(claims({ sub: 'New@example.com', exp: undefined, jti: undefined }));
    expect(await authenticate(token, lenient)).toEqual({ id: 'new@example.com', admin: false });
    expect(await authenticate(token, lenient)).toEqual({ id: 'new@example.com', admin: false });
  });

  it('may be of another issuer and audience, where those are configured', async () => {
    const other = withSecret({ issuer: 'https://idp', audience: 'forge' });
    expect(await authenticate(forge(claims({ iss: 'https://idp', aud: 'forge' })), other)).toMatchObject({ id: EMAIL });
    await expect(authenticate(forge(claims()), other)).rejects.toMatchObject(refused('another issuer'));
  });

  it('may be five seconds late, and not six', async () => {
    const token = forge(claims({ exp: seconds() }));
    clock.now += 4_000;
    expect(await authenticate(token)).toMatchObject({ id: EMAIL });
    clock.now += 1_000;
    await expect(authenticate(token)).rejects.toMatchObject(refused('expired'));
  });
});

describe('signatures', () => {
  const rsa = pair(generateKeyPairSync('rsa', { modulusLength: 2048, ...pem() }));
  const p256 = pair(generateKeyPairSync('ec', { namedCurve: 'P-256', ...pem() }));
  const ed25519 = pair(generateKeyPairSync('ed25519', pem()));
  const keys: Record<string, [SigningKey, VerifyingKey]> = {
    HS256: [{ secret: SECRET }, { secret: SECRET }],
    HS384: [{ secret: SECRET }, { secret: SECRET }],
    HS512: [{ secret: SECRET }, { secret: SECRET }],
    ES256: [p256.signing, p256.verifying],
    ES384: both(generateKeyPairSync('ec', { namedCurve: 'P-384', ...pem() })),
    ES512: both(generateKeyPairSync('ec', { namedCurve: 'P-521', ...pem() })),
    EdDSA: [ed25519.signing, ed25519.verifying],
  };
  for (const algorithm of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) {
    keys[algorithm] = [rsa.signing, rsa.verifying];
  }
  const verifier = (key: VerifyingKey, options: Partial<JwtOptions> = {}) =>
    jwtAuthenticator({ ...common, ...options, ...key } as JwtAuthenticatorOptions);
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
    const foreign = generateKeyPairSync('rsa', { modulusLength: 2048, ...pem() });
    const { token } = await signToken({
      subject: EMAIL,
      expiresInMinutes: 5,
      now: () => clock.now,
      privateKey: foreign.privateKey,
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
    const small = generateKeyPairSync('rsa', { modulusLength: 1024, ...pem() });
    const koblitz = generateKeyPairSync('ec', { namedCurve: 'secp256k1', ...pem() });
    const x25519 = generateKeyPairSync('x25519', pem());
    const bad: [VerifyingKey, string][] = [
      [{ secret: '' }, 'empty'],
      [{ publicKey: 'x' }, 'not PEM'],
      [{ publicKey: small.publicKey }, '2048'],
      [{ publicKey: koblitz.publicKey }, 'secp256k1'],
      [{ publicKey: x25519.publicKey }, 'x25519'],
    ];
    for (const [key, message] of bad) expect(() => verifier(key)).toThrow(message);
    expect(() => verifier(rsa.verifying, { algorithm: 'HS256' })).toThrow('HS256 does not go with this key');
    expect(() => verifier({ secret: SECRET }, { algorithm: 'RS256' })).toThrow('RS256 does not go with this key');
  });
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

  it('keeps 10,000 tokens, and lets the least recently used go for the next', async () => {
    const authenticator = withSecret();
    const tokens = Array.from({ length: 10_001 }, (_, at) => forge(claims({ jti: `jti-${at}` })));
    const isRemembered = (at: number) =>
      !(authenticator.authenticate({ authorization: `Bearer ${tokens[at]}` }) instanceof Promise);
    for (let at = 0; at < 10_000; at += 100) {
      await Promise.all(tokens.slice(at, at + 100).map((token) => authenticate(token, authenticator)));
    }
    expect(authenticator.remembered).toBe(10_000);
    expect(isRemembered(0)).toBe(true); // which makes the second the least recent
    await authenticate(tokens.at(-1) ?? '', authenticator);
    expect(authenticator.remembered).toBe(10_000);
    expect([0, 2, 9_999].map(isRemembered)).toEqual([true, true, true]);
    expect(isRemembered(1)).toBe(false);
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

function pem() {
  return {
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  } as const;
}

function pair({ publicKey, privateKey }: { publicKey: string; privateKey: string }) {
  return { signing: { privateKey }, verifying: { publicKey } };
}

function both(keys: { publicKey: string; privateKey: string }): [SigningKey, VerifyingKey] {
  const { signing, verifying } = pair(keys);
  return [signing, verifying];
}
