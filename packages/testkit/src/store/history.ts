/** @module What a store keeps besides the registry: revoked tokens and the audit trail. */
import { type AuditEntry, type AuditRecord, auditRecordId, type Store } from '@forge/core';
import { describe, expect, it } from 'vitest';
import { auditEntry } from '../records.ts';

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
      Array.from({ length: count }, (_, at) => auditEntry({ at: 1000 + Math.floor((from + at) / 3) }));
    /** What a batch is listed as, newest first. */
    const listed = (id: string, entries: readonly AuditEntry[]): AuditRecord[] =>
      entries.map((entry, index) => ({ ...entry, id: auditRecordId(id, index) })).toReversed();

    it('comes out as it went in, newest first', async () => {
      const { audit } = current();
      const full = auditEntry({
        target: 'ü😀"\\',
        serverId: 's',
        upstreamId: 'u',
        outcome: 'error',
        errorCode: -32_603,
        durationMs: 0.25,
      });
      const bare = { ...auditEntry({ outcome: 'denied', errorCode: 0, durationMs: 12_345.678 }) };
      delete (bare as { target?: string }).target;
      await audit.append({ id: 'b', entries: [full, bare, full] });
      expect((await audit.list({ limit: 10 })).items.toSorted((a, b) => (a.id < b.id ? 1 : -1))).toEqual(
        listed('b', [full, bare, full]),
      );
    });

    it('keeps apart who called what', async () => {
      const { audit } = current();
      const differing = ['principal', 'method', 'target', 'serverId', 'upstreamId'] as const;
      const entries = [
        ...differing.map((field) => auditEntry({ at: 1, [field]: `another ${field}` })),
        ...(['ok', 'tool_error', 'error', 'denied', 'cancelled'] as const).map((outcome) =>
          auditEntry({ at: 2, outcome }),
        ),
        ...differing.map((field) => auditEntry({ at: 3, [field]: `another ${field}` })),
      ];
      await audit.append({ id: 'b', entries });
      expect((await audit.list({ limit: 100 })).items).toEqual(listed('b', entries));
    });

    it('takes nothing, and 2,500 entries in one call', async () => {
      const { audit } = current();
      await audit.append({ id: 'a', entries: [] });
      expect(await audit.list({ limit: 10 })).toEqual({ items: [] });
      const entries = many(2500);
      await audit.append({ id: 'b', entries });
      expect((await audit.list({ limit: 1000 })).items).toEqual(listed('b', entries).slice(0, 1000));
    });

    it('comes in pages that new entries do not shift', async () => {
      const { audit } = current();
      const entries = many(25);
      await audit.append({ id: 'a', entries });
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await audit.list({ limit: 10, cursor });
        seen.push(...page.items.map(({ id }) => id));
        cursor = page.nextCursor;
        await audit.append({ id: `b${seen.length}`, entries: many(1, 100 + seen.length) });
      } while (cursor !== undefined);
      expect(seen).toEqual(listed('a', entries).map(({ id }) => id));
    });

    it('refuses a forged cursor and a limit outside of 1 to 1000', async () => {
      const refused = { code: 'invalid_params' };
      await expect(current().audit.list({ limit: 1, cursor: 'x' })).rejects.toMatchObject(refused);
      for (const limit of [0, 1001, 0.5]) await expect(current().audit.list({ limit })).rejects.toMatchObject(refused);
    });

    it('is pruned by its oldest batches, as long as enough stays', async () => {
      const { audit } = current();
      for (const at of [0, 10, 20]) await audit.append({ id: `b${at}`, entries: many(10, at) });
      expect(await audit.prune(30)).toBe(0);
      expect(await audit.prune(21)).toBe(0);
      expect(await audit.prune(7)).toBe(20);
      expect((await audit.list({ limit: 100 })).items).toEqual(listed('b20', many(10, 20)));
      expect(await audit.prune(100)).toBe(0);
      expect(await audit.prune(0)).toBe(10);
      expect((await audit.list({ limit: 100 })).items).toEqual([]);
    });

    it('keeps its order where batches overlap in time', async () => {
      const { audit } = current();
      const batches = [0, 1, 2].map((rest) => ({
        id: `b${rest}`,
        entries: many(12).filter((_, at) => at % 3 === rest),
      }));
      for (const batch of batches) await audit.append(batch);
      const { items, nextCursor } = await audit.list({ limit: 5 });
      const others = await audit.list({ limit: 10, cursor: nextCursor });
      const all = batches.flatMap(({ id, entries }) => listed(id, entries));
      expect([...items, ...others.items]).toEqual(all.toSorted((a, b) => b.at - a.at || (b.id > a.id ? 1 : -1)));
    });

    it('refuses to be given the same batch again', async () => {
      const { audit } = current();
      const batch = { id: 'b', entries: [auditEntry({ at: 1 }), auditEntry({ at: 2 })] };
      await audit.append(batch);
      await expect(audit.append(batch)).rejects.toMatchObject({ code: 'conflict' });
      expect((await audit.list({ limit: 10 })).items).toEqual(listed('b', batch.entries));
    });
  });
}
