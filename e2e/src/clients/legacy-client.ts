/** @module The client that most people run today: the undivided SDK (v1), which speaks 2025-11-25 and older. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { ClientCapabilities } from '@modelcontextprotocol/sdk/types.js';
import type { Scope } from '../harness/scope.ts';
import type { Connect } from './connect.ts';

/** Connects. `prepare` sets handlers before that. */
export async function connectLegacy(
  scope: Scope,
  { url, token, headers, capabilities = {} }: Connect<ClientCapabilities>,
  prepare: (client: Client) => void = () => {},
): Promise<Client> {
  const client = new Client({ name: 'legacy-client', version: '1.0.0' }, { capabilities });
  prepare(client);
  const requestInit = { headers: { Authorization: `Bearer ${token}`, ...headers } };
  const transport = new StreamableHTTPClientTransport(new URL(url), { requestInit });
  await client.connect(transport);
  return scope.add(client, () => client.close());
}
