/** @module Asks an endpoint for the names of its tools, as a client would. */
import { type Client, type Endpoint, type Exchange, JsonText, LATEST_MODERN } from '@forge/protocol';

const SELF: Client = {
  era: 'modern',
  protocolVersion: LATEST_MODERN,
  caller: { id: 'forge' },
  capabilities: JsonText.of({}),
};
/** Nobody waits for notes, and nobody answers. */
const ALONE: Exchange = {
  note() {},
  ask: () => Promise.resolve({ error: { code: -32600, message: 'There is no client to ask' } }),
  cancelled: false,
  onCancel() {},
};
const MAX_PAGES = 20;

/** Names of all tools, or `undefined` where the server has no list of them. */
export async function listTools(endpoint: Endpoint): Promise<string[] | undefined> {
  const names: string[] = [];
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const params = typeof cursor === 'string' ? JsonText.of({ cursor }) : undefined;
    const { result } = await endpoint.handle({ method: 'tools/list', params, client: SELF }, ALONE);
    if (result === undefined) return undefined;
    const { tools = [], nextCursor } = result.value as { tools?: { name: string }[]; nextCursor?: string };
    names.push(...tools.map((tool) => tool.name));
    if (nextCursor === undefined) break;
    cursor = nextCursor;
  }
  return names;
}
