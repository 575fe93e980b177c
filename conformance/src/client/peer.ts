/** @module The official clients of both eras under one face, over HTTP or over the stdio of a child. */
import { Client as ModernClient, StreamableHTTPClientTransport as ModernHttp } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernStdio } from '@modelcontextprotocol/client/stdio';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as LegacyStdio } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as LegacyHttp } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';

/** What the client speaks: 2026-07-28 by the SDK v2, or 2025-11-25 by the SDK v1. */
export type PeerEra = 'modern' | 'legacy';

/** Where the server is: a URL, or a program to start. */
export type Where = { readonly url: string } | { readonly command: string; readonly args: string[] };

/** Answers an elicitation; what it resolves to is the content that is accepted. */
export type Answer = (peer: Peer) => Promise<Record<string, string | number | boolean>>;

/** As much of a client as the scenarios need; both SDKs have it. */
export interface Peer {
  listTools(): Promise<{ tools: { name: string; inputSchema: unknown }[] }>;
  callTool(params: { name: string; arguments: Record<string, unknown> }): Promise<unknown>;
  listResources(): Promise<{ resources: { uri: string }[] }>;
  readResource(params: { uri: string }): Promise<unknown>;
  listPrompts(): Promise<{ prompts: { name: string }[] }>;
  getPrompt(params: { name: string }): Promise<unknown>;
  close(): Promise<void>;
}

const INFO = { name: 'forge-conformance', version: '1.0.0' };
const CAPABILITIES = {
  elicitation: { form: { applyDefaults: true } },
};

/** Connects a client that answers elicitations by `answer`. */
export function connectPeer(era: PeerEra, where: Where, answer: Answer): Promise<Peer> {
  return era === 'modern' ? connectModern(where, answer) : connectLegacy(where, answer);
}

async function connectModern(where: Where, answer: Answer): Promise<Peer> {
  const versionNegotiation = { mode: { pin: '2026-07-28' } };
  const client = new ModernClient(INFO, { capabilities: CAPABILITIES, versionNegotiation });
  client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: await answer(client) }));
  await client.connect('url' in where ? new ModernHttp(new URL(where.url)) : new ModernStdio(where));
  return client;
}

async function connectLegacy(where: Where, answer: Answer): Promise<Peer> {
  const client = new LegacyClient(INFO, { capabilities: CAPABILITIES });
  client.setRequestHandler(ElicitRequestSchema, async () => ({ action: 'accept', content: await answer(client) }));
  await client.connect('url' in where ? new LegacyHttp(new URL(where.url)) : new LegacyStdio(where));
  return client;
}
