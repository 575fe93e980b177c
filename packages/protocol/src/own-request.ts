/** @module Forge as a client of its own: requests that nobody outside asked for. */
import { OWN_CAPABILITIES } from './capabilities.ts';
import type { Endpoint } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Client, Exchange, ExchangeRequest } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { LATEST_MODERN } from './versions.ts';

/** Forge itself. */
const SELF: Client = {
  era: 'modern',
  protocolVersion: LATEST_MODERN,
  caller: { id: 'forge' },
  capabilities: OWN_CAPABILITIES,
};

/** The client's side of a request of Forge's own: there is nobody to tell or to ask. */
export const NOBODY: Exchange = {
  note() {},
  ask: () => Promise.resolve({ error: { code: -32600, message: 'There is no client to be asked' } }),
  cancelled: false,
  onCancel() {},
};

/** A request of Forge's own. */
export function ownRequest(method: string, params: Record<string, unknown> = {}): ExchangeRequest {
  return { method, params: JsonText.of(params), client: SELF };
}

/** Pages of tools that are asked for. */
const MAX_PAGES = 20;

/**
 * Names of the tools that an endpoint lists, for people to read.
 *
 * @throws ForgeError `upstream_error` with the server's words, where it has no list of them.
 */
export async function listToolNames(endpoint: Pick<Endpoint, 'handle'>): Promise<string[]> {
  const names: string[] = [];
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const request = ownRequest('tools/list', typeof cursor === 'string' ? { cursor } : {});
    const { result, error } = await endpoint.handle(request, NOBODY);
    if (error !== undefined) throw new ForgeError('upstream_error', error.message);
    for (const tool of result.member('tools')?.elements() ?? []) names.push(String(tool.member('name')?.value));
    cursor = result.member('nextCursor')?.value;
    if (cursor === undefined) break;
  }
  return names;
}
