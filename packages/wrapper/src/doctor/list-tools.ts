/** @module Asks a server for the names of its tools, as a client would. */
import { type Client, type Endpoint, type Exchange, JsonText, LATEST_MODERN } from '@forge/protocol';

const SELF: Client = {
  era: 'modern',
  protocolVersion: LATEST_MODERN,
  caller: { id: 'doctor' },
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

/** Names of all tools. @throws Error with the server's words where it has no list of them */
export async function listTools(endpoint: Endpoint): Promise<string[]> {
  const names: string[] = [];
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const params = typeof cursor === 'string' ? JsonText.of({ cursor }) : undefined;
    const { result, error } = await endpoint.handle({ method: 'tools/list', params, client: SELF }, ALONE);
    if (error !== undefined) throw new Error(error.message);
    const tools = result.member('tools')?.elements() ?? [];
    names.push(...tools.map((tool) => String(tool.member('name')?.value)));
    cursor = result.member('nextCursor')?.value;
    if (cursor === undefined) break;
  }
  return names;
}
