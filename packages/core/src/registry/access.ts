/** @module Who may do what: administrators change things, others see what is public or their own. */
import { ForgeError } from '@forge/protocol';
import type { Entity } from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';

/** @throws ForgeError `forbidden` unless the principal may change things. */
export function requireAdmin(principal: Principal): void {
  requireUnbound(principal);
  if (!principal.admin) throw new ForgeError('forbidden', 'Only an administrator may do this');
}

/** @throws ForgeError `forbidden` for a credential that opens one virtual server only. */
export function requireUnbound(principal: Principal): void {
  if (principal.serverId !== undefined) {
    throw new ForgeError('forbidden', 'This credential opens one virtual server and nothing else');
  }
}

/** Whether a principal may see a row. */
export function canSee(principal: Principal, row: Entity): boolean {
  return principal.admin || row.visibility === 'public' || row.owner === principal.id;
}

/** `ListQuery.visibleTo` for a principal. */
export function visibleTo(principal: Principal): string | undefined {
  return principal.admin ? undefined : principal.id;
}

/** The row, if there is one and the principal may see it; what it may not see does not exist for it. */
export function seen<T extends Entity>(principal: Principal, row: T | undefined, what: string, id: string): T {
  if (row === undefined || !canSee(principal, row)) throw notFound(what, id);
  return row;
}

/** `not_found`, naming what was looked for. */
export function notFound(what: string, id: string): ForgeError {
  return new ForgeError('not_found', `There is no ${what} "${id.slice(0, 100)}"`);
}
