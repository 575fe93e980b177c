/** @module Where an answer goes on: `Link: rel="next"` (RFC 8288), in terms of the tool's arguments. */
import type { RestOperation } from '../config/operation.ts';

/** The next page. */
export interface NextPage {
  /** Without credentials. */
  readonly url: string;
  /** Arguments to change, to the values that bring it; empty where the tool has none for it. */
  readonly arguments: Readonly<Record<string, string>>;
}

const MAX_HEADER = 16_384;

/** Reads the header. `hidden` are names in the query that callers are not shown. */
export function nextPageOf(
  header: string | string[] | undefined,
  url: URL,
  { parameters = [], inputSchema, otherArguments }: RestOperation,
  hidden: ReadonlySet<string>,
): NextPage | undefined {
  const target = targetOf(Array.isArray(header) ? header.join(', ') : header);
  if (target === undefined || !URL.canParse(target, url.href)) return undefined;
  const next = new URL(target, url);
  for (const name of hidden) next.searchParams.delete(name);
  const properties = (inputSchema['properties'] ?? {}) as Readonly<Record<string, unknown>>;
  const changed = [...next.searchParams].flatMap(([name, value]) => {
    if (url.searchParams.get(name) === value) return [];
    const named = parameters.find((one) => one.in === 'query' && (one.name ?? one.argument) === name)?.argument;
    const argument = named ?? (Object.hasOwn(properties, name) || otherArguments === 'query' ? name : undefined);
    return argument === undefined ? [] : [[argument, value] as const];
  });
  return { url: next.href, arguments: Object.fromEntries(changed) };
}

function targetOf(header: string | undefined): string | undefined {
  if (header === undefined || header.length > MAX_HEADER) return undefined;
  for (const [, target, parameters = ''] of header.matchAll(/<([^<>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(parameters)) return target;
  }
  return undefined;
}
