/** @module A list as the wire wants it, serialised once per view and era. */
import { type Era, ForgeError, JsonText } from '@forge/protocol';

/** One item of a list in both eras' forms, as JSON text. */
export interface ListItem {
  /** Unique within the list. */
  readonly name: string;
  /** Absent where the item does not exist for modern clients. */
  readonly modern: string | undefined;
  readonly legacy: string;
}

/** How a list is cut and what it says of itself. */
export interface ListOptions {
  readonly pageSize: number;
  readonly ttlMs: number;
  /** `_meta` of every page as JSON text, e.g. what is missing. */
  readonly meta?: string | undefined;
}

/** A list's pages. */
export interface ListPages {
  /** @throws ForgeError `invalid_params` when the cursor is none of this list's. */
  page(cursor: string | undefined, era: Era): JsonText;
  /** Equal texts, equal lists. */
  readonly fingerprint: string;
}

/** `member` is `tools`, `prompts`, `resources` or `resourceTemplates`; pages keep the order of `items`. */
export function createListPages(member: string, items: readonly ListItem[], options: ListOptions): ListPages {
  const ready = new Map<string, JsonText>();
  return {
    fingerprint: items.map((item) => item.modern ?? item.legacy).join(','),
    page(cursor, era) {
      const start = cursor === undefined ? 0 : startOf(items, cursor);
      const key = `${era}${start}`;
      const known = ready.get(key);
      if (known) return known;
      const page = JsonText.frequent(serialise(member, items, start, era, options));
      // Cursors come from clients: only those that stand at a page's edge are worth remembering.
      if (start % options.pageSize === 0) ready.set(key, page);
      return page;
    },
  };
}

function serialise(member: string, items: readonly ListItem[], start: number, era: Era, options: ListOptions): string {
  const end = Math.min(start + options.pageSize, items.length);
  const last = items[end - 1];
  const parts = [
    `"${member}":[${items
      .slice(start, end)
      .flatMap((item) => item[era] ?? [])
      .join(',')}]`,
  ];
  if (end < items.length && last) parts.push(`"nextCursor":${JSON.stringify(encodeCursor(end, last.name))}`);
  if (era === 'modern') {
    parts.unshift('"resultType":"complete"');
    parts.push(`"ttlMs":${options.ttlMs},"cacheScope":"private"`);
  }
  if (options.meta !== undefined) parts.push(`"_meta":${options.meta}`);
  return `{${parts.join(',')}}`;
}

/** A cursor says how many items were seen and which was the last, so that a list that changes in between stays in step. */
function encodeCursor(seen: number, lastName: string): string {
  return btoa(String.fromCharCode(...new TextEncoder().encode(JSON.stringify([seen, lastName]))));
}

function startOf(items: readonly ListItem[], cursor: string): number {
  const [seen, lastName] = decodeCursor(cursor);
  if (items[seen - 1]?.name === lastName) return seen;
  const moved = items.findIndex((item) => item.name === lastName);
  return moved >= 0 ? moved + 1 : Math.min(seen, items.length);
}

function decodeCursor(cursor: string): [seen: number, lastName: string] {
  try {
    if (cursor.length > 8192) throw new Error('too long');
    const bytes = Uint8Array.from(atob(cursor), (char) => char.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (Array.isArray(value) && Number.isSafeInteger(value[0]) && value[0] > 0 && typeof value[1] === 'string') {
      return [value[0] as number, value[1]];
    }
    throw new Error('not ours');
  } catch {
    throw new ForgeError('invalid_params', 'cursor is not one that this list gave out');
  }
}
