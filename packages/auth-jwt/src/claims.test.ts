import { beforeEach, describe, expect, it } from 'vitest';
import {
  authenticate,
  claims,
  clock,
  EMAIL,
  forge,
  refused,
  reset,
  seconds,
  users,
  withSecret,
} from './tokens.test.fixture.ts';

beforeEach(reset);

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
