/** @module What the store in memory keeps besides the registry: revoked tokens, states of sessions and the audit trail. */
import type { AuditRecord, RevokedToken, SessionStateRecord } from '../contracts/model.ts';
import type { Store } from '../contracts/store.ts';
import { freeze } from './memory-table.ts';
import { auditRecordId, byPosition, checkLimit, decodeCursor, takenError, toPage } from './store-rules.ts';

/** Runs work while the store is open. */
type Run = <T>(work: () => T) => Promise<T>;

/** Revoked tokens by their `jti`. */
export function memoryRevokedTokens(run: Run): Store['revokedTokens'] {
  const tokens = new Map<string, RevokedToken>();
  return {
    add: (token) => run(() => void tokens.set(token.jti, freeze({ ...token }))),
    all: (now) => run(() => [...tokens.values()].filter(({ expiresAt }) => expiresAt > now)),
    prune: (now) =>
      run(() => {
        const expired = [...tokens.values()].filter(({ expiresAt }) => expiresAt <= now);
        for (const { jti } of expired) tokens.delete(jti);
        return expired.length;
      }),
  };
}

/** States of sessions by their id. */
export function memorySessionStates(run: Run): Store['sessionStates'] {
  const states = new Map<string, SessionStateRecord>();
  return {
    get: (id) => run(() => states.get(id)),
    put: (state) => run(() => void states.set(state.id, freeze({ ...state }))),
    delete: (id) => run(() => states.delete(id)),
    prune: ({ savedBefore, keep, limit }) =>
      run(() => {
        const oldestFirst = [...states.values()].toSorted((a, b) => a.savedAt - b.savedAt);
        const surplus = oldestFirst.at(-1 - keep)?.savedAt ?? -Infinity;
        const gone = oldestFirst.filter(({ savedAt }) => savedAt < savedBefore || savedAt <= surplus).slice(0, limit);
        for (const { id } of gone) states.delete(id);
        return gone.length;
      }),
  };
}

/** Batches of audit records by their id. */
export function memoryAudit(run: Run): Store['audit'] {
  const batches = new Map<string, readonly AuditRecord[]>();
  const position = ({ at, id }: AuditRecord) => ({ createdAt: at, id });
  const newestFirst = () => [...batches.values()].flat().toSorted((a, b) => byPosition(position(b), position(a)));
  return {
    append: ({ id, entries }) =>
      run(() => {
        if (batches.has(id)) throw takenError('audit', 'id');
        batches.set(
          id,
          entries.map((entry, index) => freeze({ ...entry, id: auditRecordId(id, index) })),
        );
      }),
    list: ({ limit, cursor }) =>
      run(() => {
        checkLimit(limit);
        const after = cursor === undefined ? undefined : decodeCursor(cursor);
        const rows = newestFirst().filter((row) => after === undefined || byPosition(position(row), after) < 0);
        return toPage(rows, limit, position);
      }),
    prune: (keep) =>
      run(() => {
        let left = newestFirst().length;
        const before = left;
        const lastAt = (records: readonly AuditRecord[]) => Math.max(...records.map(({ at }) => at));
        for (const [id, records] of [...batches].toSorted(([, a], [, b]) => lastAt(a) - lastAt(b))) {
          if (left - records.length < keep) break;
          batches.delete(id);
          left -= records.length;
        }
        return before - left;
      }),
  };
}
