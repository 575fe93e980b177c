/** @module Reads an upstream's lists to the last page. */
import {
  ForgeError,
  type JsonText,
  type Outcome,
  readParamHeaders,
  type Upstream,
  type UpstreamInfo,
  ownRequest,
  NOBODY,
} from '@forge/protocol';
import type { Discovered, DiscoveredItem, SkippedItem } from '../contracts/upstream-pool.ts';

/** Pages followed per list, and items kept per list; an upstream that has more is cut there, and it is said. */
const MAX_PAGES = 1000;
const MAX_ITEMS = 10_000;
/** A name or URI longer than this is skipped. */
const MAX_NAME = 2048;
/** Items per upstream that are reported as skipped. */
const MAX_SKIPPED = 1000;

interface ListSource {
  readonly kind: 'tools' | 'prompts' | 'resources' | 'templates';
  readonly capability: 'tools' | 'prompts' | 'resources';
  readonly method: string;
  readonly member: string;
  readonly key: string;
}

const SOURCES: readonly ListSource[] = [
  { kind: 'tools', capability: 'tools', method: 'tools/list', member: 'tools', key: 'name' },
  { kind: 'prompts', capability: 'prompts', method: 'prompts/list', member: 'prompts', key: 'name' },
  { kind: 'resources', capability: 'resources', method: 'resources/list', member: 'resources', key: 'uri' },
  {
    kind: 'templates',
    capability: 'resources',
    method: 'resources/templates/list',
    member: 'resourceTemplates',
    key: 'uriTemplate',
  },
];

/** @throws ForgeError `upstream_*` when the upstream or one of its lists cannot be read. */
export async function discover(upstream: Upstream): Promise<Discovered> {
  const info = await upstream.connect();
  const capabilities = info.description.capabilities.value as Record<string, unknown>;
  const found: Record<ListSource['kind'], DiscoveredItem[]> = { tools: [], prompts: [], resources: [], templates: [] };
  const skipped: SkippedItem[] = [];
  let ttlMs: number | undefined;
  const hear = (result: JsonText): void => {
    const said = Math.floor(Number(result.member('ttlMs')?.text));
    if (said >= 0 && said < (ttlMs ?? Infinity)) ttlMs = said;
  };
  await Promise.all(
    SOURCES.filter((source) => capabilities[source.capability] !== undefined).map(async (source) => {
      found[source.kind] = await readList(upstream, info, source, skipped, hear);
    }),
  );
  return { ...found, skipped, ttlMs, info };
}

async function readList(
  upstream: Upstream,
  info: UpstreamInfo,
  source: ListSource,
  skipped: SkippedItem[],
  hear: (result: JsonText) => void,
): Promise<DiscoveredItem[]> {
  const items = new Map<string, DiscoveredItem>();
  const cursors = new Set<string>();
  let cursor: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const outcome = await upstream.call(ownRequest(source.method, cursor === undefined ? {} : { cursor }), NOBODY);
    if (isUnknownMethod(outcome)) return [];
    const result = resultOf(outcome, source.method);
    hear(result);
    for (const element of result.member(source.member)?.elements() ?? []) {
      const item = readItem(element, source, info);
      if (typeof item === 'string') {
        const name = nameIn(element, source.key)?.slice(0, MAX_NAME) ?? '';
        if (skipped.length < MAX_SKIPPED) skipped.push({ kind: source.kind, name, reason: item });
      } else if (items.size >= MAX_ITEMS) return cut(items, skipped, source, `more than ${MAX_ITEMS} items`);
      else items.set(item.name, item);
    }
    const next = result.member('nextCursor')?.value;
    if (typeof next !== 'string' || next === '') return [...items.values()];
    if (cursors.has(next)) return cut(items, skipped, source, 'the upstream repeats a cursor');
    cursors.add(next);
    cursor = next;
  }
  return cut(items, skipped, source, `more than ${MAX_PAGES} pages`);
}

function cut(
  items: Map<string, DiscoveredItem>,
  skipped: SkippedItem[],
  source: ListSource,
  reason: string,
): DiscoveredItem[] {
  skipped.push({ kind: source.kind, name: '*', reason: `the list was cut: ${reason}` });
  return [...items.values()];
}

/** The item, or why it cannot be offered. */
function readItem(element: JsonText, source: ListSource, info: UpstreamInfo): DiscoveredItem | string {
  const name = nameIn(element, source.key);
  if (name === undefined) return `"${source.key}" is not a string`;
  if (name === '' || name.length > MAX_NAME) return `"${source.key}" must have 1 to ${MAX_NAME} characters`;
  // Stores replace such characters, or refuse the row.
  if (/\p{Cs}/u.test(name) || name.includes('\0')) return `"${source.key}" has characters that are no text`;
  if (source.kind === 'tools') {
    const schema = element.member('inputSchema');
    if (!schema?.isObject) return '"inputSchema" is not an object';
    // 2026-07-28, streamable-http, Custom Headers: a client must leave out tools whose annotations are invalid.
    if (info.era === 'modern' && info.transport === 'streamable-http' && readParamHeaders(schema) === 'invalid') {
      return 'an x-mcp-header annotation is invalid';
    }
  }
  return { name, definition: element.text };
}

function nameIn(element: JsonText, key: string): string | undefined {
  const name = element.member(key)?.value;
  return typeof name === 'string' ? name : undefined;
}

/** Servers that declare a capability without all of its methods exist; a missing list is an empty one. */
function isUnknownMethod(outcome: Outcome): boolean {
  return outcome.error?.code === -32601;
}

function resultOf(outcome: Outcome, method: string): JsonText {
  if (outcome.error) throw new ForgeError('upstream_error', `${method} failed: ${outcome.error.message}`);
  if (!outcome.result.isObject)
    throw new ForgeError('upstream_error', `${method} answered with something that is not an object`);
  assertJson(outcome.result, method);
  return outcome.result;
}

/** A large answer was not parsed on its way: one broken definition would break every list that it becomes a part of. */
function assertJson(result: JsonText, method: string): void {
  try {
    void result.value;
  } catch (cause) {
    throw new ForgeError('upstream_error', `${method} answered with something that is no JSON`, { cause });
  }
}
