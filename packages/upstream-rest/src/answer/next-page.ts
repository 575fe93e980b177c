/** @module Where an answer goes on: `Link: rel="next"` (RFC 8288), in terms of the tool's arguments. */
import type { RestOperation } from '../config/operation.ts';

/** The next page. */
export interface NextPage {
  /** Without credentials. */
  readonly url: string;
  /** Arguments to change, to the values that bring it, as the tool takes them; empty where it has none for it. */
  readonly arguments: Readonly<Record<string, unknown>>;
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
  const changed = [...new Set(next.searchParams.keys())].flatMap((name) => {
    const values = next.searchParams.getAll(name);
    if (JSON.stringify(url.searchParams.getAll(name)) === JSON.stringify(values)) return [];
    const named = parameters.find((one) => one.in === 'query' && (one.name ?? one.argument) === name)?.argument;
    const argument = named ?? (Object.hasOwn(properties, name) || otherArguments === 'query' ? name : undefined);
    return argument === undefined ? [] : [[argument, valueOf(values, properties[argument])] as const];
  });
  return { url: next.href, arguments: Object.fromEntries(changed) };
}

/** What stands in a query as text, in the type that the argument has: as text it would be refused. */
function valueOf(values: readonly string[], schema: unknown): unknown {
  const { type, items } = (schema ?? {}) as { type?: unknown; items?: unknown };
  const types: readonly unknown[] = Array.isArray(type) ? type : [type];
  if (types.includes('array')) return values.map((value) => valueOf([value], items));
  const value = values.at(-1) ?? '';
  if (types.includes('string')) return value;
  const isNumber = types.includes('integer') || types.includes('number');
  // A number whose digits would change stays text.
  if (isNumber && String(Number(value)) === value) return Number(value);
  return types.includes('boolean') && /^(?:true|false)$/.test(value) ? value === 'true' : value;
}

function targetOf(header: string | undefined): string | undefined {
  if (header === undefined || header.length > MAX_HEADER) return undefined;
  for (const [, target, parameters = ''] of header.matchAll(/<([^<>]*)>([^<]*)/g)) {
    if (/;\s*rel\s*=\s*(?:"(?:[^"]*\s)?next(?:\s[^"]*)?"|next\b)/i.test(parameters)) return target;
  }
  return undefined;
}
