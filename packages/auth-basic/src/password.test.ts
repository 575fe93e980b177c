import { scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashPassword, needsRehash, verifyPassword } from './password.ts';

/** A hash that is quick to check; `ln=4` costs nothing. */
function cheapHash(password: string, ln = 4): string {
  const salt = Buffer.from('0123456789abcdef');
  const plain = (bytes: Buffer) => bytes.toString('base64').replaceAll('=', '');
  return `$scrypt$ln=${ln},r=8,p=1$${plain(salt)}$${plain(scryptSync(password, salt, 32, { N: 2 ** ln, r: 8, p: 1 }))}`;
}

describe('passwords', () => {
  it('are hashed as PHC strings with a salt of their own, and verified', async () => {
    const [one, two] = await Promise.all([hashPassword('correct horse'), hashPassword('correct horse')]);
    expect(one).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(one).not.toBe(two);
    expect(await verifyPassword('correct horse', one)).toBe(true);
    expect(await verifyPassword('correct horsf', one)).toBe(false);
    expect(needsRehash(one)).toBe(false);
  });

  it('are compared by all their characters', async () => {
    const hash = cheapHash('pässwörd 😀\0x');
    expect(await verifyPassword('pässwörd 😀\0x', hash)).toBe(true);
    for (const wrong of ['pässwörd 😀\0', 'pässwörd 😀', 'PÄSSWÖRD 😀\0X', 'pässwörd 😀\0x ', '']) {
      expect(await verifyPassword(wrong, hash), wrong).toBe(false);
    }
  });

  it('may be typed composed or decomposed', async () => {
    expect(await verifyPassword('u\u0308', cheapHash('ü'))).toBe(true);
  });

  it('of 1 to 1,024 characters can be hashed', async () => {
    for (const impossible of ['', 'x'.repeat(1025)]) {
      await expect(hashPassword(impossible)).rejects.toMatchObject({ code: 'validation_failed' });
      expect(await verifyPassword(impossible, cheapHash(impossible))).toBe(false);
    }
  });

  it('match nothing that is no scrypt hash, or one that would cost too much', async () => {
    const good = cheapHash('x');
    const bad = [
      '',
      'x',
      '$scrypt$none',
      '$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA',
      `${good}$`,
      good.replace('ln=4', 'ln=31'),
    ];
    bad.push(good.replace('r=8', 'r=99'), good.replace('p=1', 'p=0'), good.replace('ln=4', 'ln=0'), ` ${good}`);
    for (const hash of bad) {
      expect(await verifyPassword('x', hash), hash).toBe(false);
      expect(needsRehash(hash), hash).toBe(true);
    }
  });

  it('of an older cost are to be hashed anew', () => {
    expect(needsRehash(cheapHash('x'))).toBe(true);
  });

  it('take as long for an unknown user', async () => {
    const known = await hashPassword('x');
    const time = async (hash: string | undefined) => {
      const start = performance.now();
      await verifyPassword('y', hash);
      return performance.now() - start;
    };
    await time(known);
    const [withHash, without] = [await time(known), await time(undefined)];
    // Machines differ and are busy; doing nothing would be a thousandth.
    expect(without).toBeGreaterThan(withHash / 5);
  });

  it('are hashed a few at a time: who comes when too many wait is told to come again', async () => {
    const hash = cheapHash('x', 12);
    const checks = await Promise.allSettled(Array.from({ length: 80 }, () => verifyPassword('x', hash)));
    const refused = checks.filter((check) => check.status === 'rejected');
    expect(refused).toHaveLength(80 - 66);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: 'too_many_requests', retryAfter: 1 });
    expect(await verifyPassword('x', hash)).toBe(true);
  });
});
