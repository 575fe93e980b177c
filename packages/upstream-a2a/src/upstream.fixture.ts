/** @module Upstreams of this adapter, as the gateway would make them. */
import { createSealer, type UpstreamRecord } from '@forge/core';
import { type Exchange, JsonText, NOBODY, type RpcError, type Upstream, type UpstreamEvents } from '@forge/protocol';
import { a2aAdapter, type A2aAdapterOptions } from './adapter.ts';

/** Events that nobody listens to. */
export const NO_EVENTS: UpstreamEvents = {
  listChanged() {},
  resourceUpdated() {},
  sessionNote() {},
  sessionAsk: () => Promise.resolve({ error: { code: -32600, message: 'nobody to ask' } }),
  lost() {},
};

/** A record of an agent. */
export function recordOf(fields: Partial<UpstreamRecord> & { readonly url: string }): UpstreamRecord {
  return {
    id: 'u1',
    createdAt: 0,
    updatedAt: 0,
    version: 1,
    owner: 'admin@example.com',
    enabled: true,
    visibility: 'public',
    tags: [],
    name: 'Suite',
    slug: 'suite',
    description: '',
    transport: 'a2a',
    headers: [],
    era: 'auto',
    ...fields,
  };
}

/** An upstream to an agent. */
export function upstreamOf(
  fields: Partial<UpstreamRecord> & { readonly url: string },
  options: Partial<A2aAdapterOptions> = {},
  events: UpstreamEvents = NO_EVENTS,
): Upstream {
  const sealer = createSealer('a secret of at least thirty-two characters');
  const adapter = a2aAdapter({ sealer, ...options });
  const record = recordOf(fields);
  adapter.check?.(record);
  return adapter.create(record, events);
}

/** How a client calls. */
export interface Calling {
  readonly callerId?: string;
  /** Declared by the client. */
  readonly capabilities?: object;
  /** What its user answers to questions, one after the other. */
  readonly answers?: readonly object[];
}

/** What came of a call. */
export interface Called {
  // oxlint-disable-next-line typescript/no-explicit-any -- tests look into results of every shape
  readonly result: any;
  readonly error: RpcError | undefined;
  /** Messages of progress. */
  readonly progress: readonly unknown[];
  readonly asked: readonly unknown[];
}

/** Capabilities of a client that takes tasks. */
export const WITH_TASKS = { extensions: { 'io.modelcontextprotocol/tasks': {} } };

/** Sends a request as a modern client. */
export async function request(
  upstream: Upstream,
  method: string,
  params: Readonly<Record<string, unknown>>,
  { callerId = 'alice', capabilities = {}, answers = [] }: Calling = {},
): Promise<Called> {
  const progress: unknown[] = [];
  const asked: unknown[] = [];
  const left = [...answers];
  const exchange: Exchange = {
    ...NOBODY,
    note: (_, noted) => void progress.push((noted?.value as { message?: string } | undefined)?.message),
    async ask(ask) {
      asked.push(ask.params?.value);
      return { result: JsonText.of(left.shift() ?? { action: 'cancel' }) };
    },
  };
  const { result, error } = await upstream.call(
    {
      method,
      params: JsonText.of(params),
      target: (params['name'] ?? params['taskId']) as string | undefined,
      progressToken: '1',
      client: {
        era: 'modern',
        protocolVersion: '2026-07-28',
        caller: { id: callerId },
        capabilities: JsonText.of(capabilities),
      },
    },
    exchange,
  );
  return { result: result?.value, error, progress, asked };
}

/** Calls a tool. */
export function callTool(upstream: Upstream, name: string, args: object, calling?: Calling): Promise<Called> {
  return request(upstream, 'tools/call', { name, arguments: args }, calling);
}
