/** @module Upstreams of one transport that have paths of their own: agents, and gRPC services. */
import {
  ForgeError,
  type ListQuery,
  type Page,
  type Principal,
  type Registry,
  type UpstreamRecord,
  type UpstreamTransport,
} from '@forge/core';

/** A kind, and what one of it is called in messages. */
export interface Kind {
  readonly transport: UpstreamTransport;
  readonly noun: string;
}

/** Rows that are read at once to find one by its name. */
const PAGE = 1000;
const ID = /^[0-9a-f]{32}$/;

/** One by id, name or slug. @throws ForgeError `not_found` */
export async function findOfKind(
  { upstreams }: Registry,
  principal: Principal,
  { transport, noun }: Kind,
  ref: string,
): Promise<UpstreamRecord> {
  if (ID.test(ref)) {
    const row = await upstreams.get(principal, ref);
    if (row.transport === transport) return row;
  }
  let cursor: string | undefined;
  do {
    const page = await upstreams.list(principal, { limit: PAGE, includeDisabled: true, cursor });
    const found = page.items.find((row) => row.transport === transport && (row.name === ref || row.slug === ref));
    if (found !== undefined) return found;
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  throw new ForgeError('not_found', `There is no ${noun} "${ref.slice(0, 100)}"`);
}

/** A page of them: whoever asks for fifty sees fifty, however many upstreams of other kinds stand before them. */
export async function listOfKind(
  { upstreams }: Registry,
  principal: Principal,
  { transport }: Kind,
  query: ListQuery,
): Promise<Page<UpstreamRecord>> {
  const items: UpstreamRecord[] = [];
  let { cursor } = query;
  do {
    const page: Page<UpstreamRecord> = await upstreams.list(principal, {
      ...query,
      cursor,
      limit: query.limit - items.length,
    });
    items.push(...page.items.filter((row) => row.transport === transport));
    cursor = page.nextCursor;
  } while (cursor !== undefined && items.length < query.limit);
  return { items, nextCursor: cursor };
}
