/** @module The current SDK (v2), pinned to 2026-07-28. */
import { Client, type ClientCapabilities, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Scope } from '../harness/scope.ts';
import type { Connect } from './connect.ts';

/** Connects. `prepare` sets handlers before that. */
export async function connectModern(
  scope: Scope,
  { url, token, headers, capabilities = {} }: Connect<ClientCapabilities>,
  prepare: (client: Client) => void = () => {},
): Promise<Client> {
  const versionNegotiation = { mode: { pin: '2026-07-28' } };
  const client = new Client({ name: 'modern-client', version: '1.0.0' }, { capabilities, versionNegotiation });
  prepare(client);
  const requestInit = { headers: { Authorization: `Bearer ${token}`, ...headers } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return scope.add(client, () => client.close());
}
