/** @module Pages of lists, as arrays with headers or as objects with a cursor. */
import type { ListQuery, Page } from '@forge/core';
import type { ApiRequest } from './serve.ts';

/** The most that `limit=0` brings. */
const ALL = 10_000;
const PAGE = 1000;

/** What the query of a list has. */
export interface ListParameters {
  readonly cursor?: string | undefined;
  readonly limit: number;
  readonly includeInactive: boolean;
  readonly includePagination: boolean;
  readonly tags?: string | undefined;
  readonly gatewayId?: string | undefined;
}

/** Answers a list: the page, its cursor in `X-Next-Cursor` and `Link`, or both as an object. */
export async function answerList<T, View>(
  request: ApiRequest<ListParameters>,
  member: string,
  fetchPage: (query: ListQuery) => Promise<Page<T>>,
  toViews: (rows: readonly T[]) => Promise<View[]>,
) {
  const { query, headers } = request;
  const page = query.limit === 0 ? await fetchAll(query, fetchPage) : await fetchPage(toQuery(query, query.limit));
  const views = await toViews(page.items);
  if (page.nextCursor !== undefined) {
    headers.set('x-next-cursor', page.nextCursor);
    headers.set('link', `<${nextUrl(request.url, page.nextCursor)}>; rel="next"`);
  }
  return query.includePagination ? { [member]: views, nextCursor: page.nextCursor ?? null } : views;
}

async function fetchAll<T>(query: ListParameters, fetchPage: (query: ListQuery) => Promise<Page<T>>): Promise<Page<T>> {
  const items: T[] = [];
  let { cursor } = query;
  do {
    const page: Page<T> = await fetchPage(toQuery({ ...query, cursor }, PAGE));
    items.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== undefined && items.length < ALL);
  return { items, nextCursor: cursor };
}

function toQuery({ cursor, includeInactive, tags, gatewayId }: ListParameters, limit: number): ListQuery {
  const list = tags?.split(',').flatMap((tag) => tag.trim().toLowerCase() || []);
  return {
    cursor,
    limit,
    includeDisabled: includeInactive,
    tags: list?.length ? list : undefined,
    upstreamId: gatewayId,
  };
}

/** Relative to the host, so that it holds behind any proxy. */
function nextUrl(url: URL, cursor: string): string {
  const query = new URLSearchParams(url.searchParams);
  query.set('cursor', cursor);
  return `?${query.toString()}`;
}
