/** @module What `$ref`s lead to, in this document and in those that were read with it. */
import type { JsonObject } from '../config/operation.ts';
import { clip, objectOf } from './values.ts';

/** A value, and where it stands. */
export interface Located {
  readonly value: unknown;
  /** The URL of its document: what its own references are relative to. */
  readonly base: string;
  /** Its address, the same however it was reached: `#/components/schemas/Pet` in the main document. */
  readonly key: string;
}

/** A document that is referred to, or why there is none. */
export type Referred = { readonly document: JsonObject } | { readonly problem: string };

/** Finds what references lead to. */
export interface References {
  /** The URL of the main document. */
  readonly root: string;
  /** What one reference leads to, or why it leads nowhere. */
  find(ref: string, base: string): Located | string;
  /** The object at the end of a chain of references; members beside a `$ref` count more. Or why there is none. */
  follow(value: unknown, base: string): { readonly value: JsonObject; readonly base: string } | string;
}

/** References in a chain. */
const MAX_HOPS = 32;

/** @param documents by URL, the main one among them under `root` */
export function createReferences(root: string, documents: ReadonlyMap<string, Referred>): References {
  const find = (ref: string, base: string): Located | string => {
    const target = absolute(ref, base);
    if (target === undefined) return `"${clip(ref, 100)}" is no reference`;
    const [url = '', fragment = ''] = target.split('#', 2);
    const referred = documents.get(url);
    if (referred === undefined) return `"${clip(ref, 100)}" was not read`;
    if ('problem' in referred) return `"${clip(ref, 100)}" was not read: ${referred.problem}`;
    const pointer = decode(fragment);
    const value = pointer === undefined ? undefined : valueAt(referred.document, pointer);
    if (value === undefined) return `"${clip(ref, 100)}" leads nowhere`;
    return { value, base: url, key: `${url === root ? '' : url}#${pointer}` };
  };
  return {
    root,
    find,
    follow(start, from) {
      let [value, base] = [start, from];
      let siblings: JsonObject = {};
      for (let hop = 0; hop < MAX_HOPS; hop += 1) {
        const object = objectOf(value);
        if (object === undefined) return 'an object was expected';
        const { $ref: ref, ...own } = object;
        siblings = { ...own, ...siblings };
        if (typeof ref !== 'string') return { value: siblings, base };
        const found = find(ref, base);
        if (typeof found === 'string') return found;
        ({ value, base } = found);
      }
      return 'references go round in a circle';
    },
  };
}

/** The URL that a reference means; `undefined`: none. */
export function absolute(ref: string, base: string): string | undefined {
  if (ref.startsWith('#')) return base + ref;
  return URL.canParse(ref, base) ? new URL(ref, base).href : undefined;
}

function decode(fragment: string): string | undefined {
  try {
    return decodeURIComponent(fragment);
  } catch {
    return undefined; // a percent sign that escapes nothing
  }
}

/** RFC 6901. Own members only. */
function valueAt(document: unknown, pointer: string): unknown {
  if (pointer !== '' && !pointer.startsWith('/')) return undefined;
  let value = document;
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}
