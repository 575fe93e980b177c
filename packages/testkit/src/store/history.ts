/** @module What a store keeps besides the registry: revoked tokens and the audit trail. */
import type { Store } from '@forge/core';
import { describe, expect, it } from 'vitest';
import { auditRecord } from '../records.ts';

/** Describes what holds for revoked tokens and audit records. */
export function describeHistory(current: () => Store): void {
  describe('revoked tokens', () => {
    it('are listed until they expire', async () => {
      const { revokedTokens } = current();
      await revokedTokens.add({ jti: 'a', revokedAt: 1, expiresAt: 100 });
      await revokedTokens.add({ jti: 'ü😀"', revokedAt: 2, expiresAt: 200 });
      expect(new Set((await revokedTokens.all(99)).map(({ jti }) => jti))).toEqual(new Set(['a', 'ü😀"']));
      expect(await revokedTokens.all(100)).toEqual([{ jti: 'ü😀"', revokedAt: 2, expiresAt: 200 }]);
      expect(await revokedTokens.all(200)).toEqual([]);
    });

    it('may be added again', async () => {
      const { revokedTokens } = current();
      await revokedTokens.add({ jti: 'a', revokedAt: 1, expiresAt: 100 });
      await revokedTokens.add({ jti: 'a', revokedAt: 2, expiresAt: 300 });
      expect(await revokedTokens.all(0)).toEqual([{ jti: 'a', revokedAt: 2, expiresAt: 300 }]);
    });

    it('are pruned once they have expired, and not before', async () => {
      const { revokedTokens } = current();
      for (const at of [1, 2, 3, 4]) await revokedTokens.add({ jti: `t${at}`, revokedAt: 0, expiresAt: at * 100 });
      expect(await revokedTokens.prune(200)).toBe(2);
      expect(await revokedTokens.prune(200)).toBe(0);
      expect((await revokedTokens.all(0)).map(({ jti }) => jti).toSorted()).toEqual(['t3', 't4']);
    });
  });

  describe('audit', () => {
    const many = (count: number, from = 0) =>
      Array.from({ length: count }, (_, at) =>
        auditRecord({ id: String(from + at).padStart(8, '0'), at: 1000 + Math.floor((from + at) / 3) }),
      );

    it('comes out as it went in, newest first', async () => {
      const { audit } = current();
      const full = auditRecord({
        target: 'ü😀"\\',
        serverId: 's',
        upstreamId: 'u',
        outcome: 'error',
        errorCode: -32_603,
        durationMs: 0.25,
      });
      const bare = auditRecord({ target: undefined, outcome: 'denied' });
      await audit.append([full, bare]);
      expect((await audit.list({ limit: 10 })).items).toEqual([bare, full]);
    });

    it('takes nothing, and 2,500 rows in one call', async () => {
      const { audit } = current();
      await audit.append([]);
      expect(await audit.list({ limit: 10 })).toEqual({ items: [] });
      const rows = many(2500);
      await audit.append(rows);
      expect((await audit.list({ limit: 1000 })).items).toEqual(rows.toReversed().slice(0, 1000));
    });

    it('comes in pages that new rows do not shift', async () => {
      const { audit } = current();
      const rows = many(25);
      await audit.append(rows);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await audit.list({ limit: 10, cursor });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
        await audit.append(many(1, 100 + seen.length));
      } while (cursor !== undefined);
      expect(seen).toEqual(rows.toReversed().map(({ id }) => id));
    });

    it('refuses a forged cursor and a limit outside of 1 to 1000', async () => {
      const refused = { code: 'invalid_params' };
      await expect(current().audit.list({ limit: 1, cursor: 'x' })).rejects.toMatchObject(refused);
      for (const limit of [0, 1001, 0.5]) await expect(current().audit.list({ limit })).rejects.toMatchObject(refused);
    });

    it('is pruned to the newest rows', async () => {
      const { audit } = current();
      const rows = many(30);
      await audit.append(rows);
      expect(await audit.prune(30)).toBe(0);
      expect(await audit.prune(7)).toBe(23);
      expect((await audit.list({ limit: 100 })).items).toEqual(rows.toReversed().slice(0, 7));
      expect(await audit.prune(100)).toBe(0);
      expect(await audit.prune(0)).toBe(7);
      expect((await audit.list({ limit: 100 })).items).toEqual([]);
    });

    it('keeps its order where batches overlap in time', async () => {
      const { audit } = current();
      const rows = many(12);
      for (const rest of [0, 1, 2]) await audit.append(rows.filter((_, at) => at % 3 === rest));
      const { items, nextCursor } = await audit.list({ limit: 5 });
      const others = await audit.list({ limit: 10, cursor: nextCursor });
      expect([...items, ...others.items]).toEqual(rows.toReversed());
    });

    it('refuses to be given the same records again', async () => {
      const { audit } = current();
      const [first, second] = [auditRecord(), auditRecord()];
      await audit.append([first, second]);
      await expect(audit.append([first, second])).rejects.toMatchObject({ code: 'conflict' });
      expect((await audit.list({ limit: 10 })).items).toEqual([second, first]);
    });
  });
}
