/** @module The official SDK's client for one interface of an agent. */
import type { AgentCard, AgentInterface } from '@a2a-js/sdk';
import {
  type Client,
  ClientFactory,
  JsonRpcTransportFactory,
  RestTransportFactory,
  type TransportFactory,
} from '@a2a-js/sdk/client';
import { TaskNotFoundError } from '@a2a-js/sdk/errors';
import { refusedHost, type TokenSource } from '@forge/outgoing';
import { ForgeError } from '@forge/protocol';
import { AgentFailure } from '../agent-failure.ts';

/** A client, and its end. */
export interface Connection {
  readonly client: Client;
  /** Sent with each request, where the binding is not HTTP. */
  readonly serviceParameters: Readonly<Record<string, string>>;
  /** The SDK does not pass on whether a piece of an artifact belongs to the one before (A2A 0.3 but for JSON-RPC). */
  readonly losesAppend: boolean;
  close(): void;
}

/** What {@link connectAgent} makes a client with. */
export interface ConnectOptions {
  readonly fetcher: typeof fetch;
  readonly headers: Readonly<Record<string, string>>;
  /** For bindings that are not HTTP: `fetcher` has its own. */
  readonly tokens: TokenSource | undefined;
  /** Of a stream, where the binding is not HTTP: `fetcher` has its own bound. */
  readonly maxResponseBytes: number;
  refuses(host: string): boolean;
}

/** Connects nothing yet. @throws ForgeError `upstream_error` */
export async function connectAgent(
  card: AgentCard,
  chosen: AgentInterface,
  options: ConnectOptions,
): Promise<Connection> {
  const offered = { ...card, supportedInterfaces: [chosen] };
  const losesAppend = chosen.protocolBinding !== 'JSONRPC' && chosen.protocolVersion.startsWith('0.');
  if (chosen.protocolBinding === 'GRPC') {
    const { connectGrpc } = await import('./grpc-transport.ts'); // seldom wanted, and large
    const { factory, close } = connectGrpc(options.refuses, options.maxResponseBytes, options.tokens);
    return { client: await clientFor(offered, factory), serviceParameters: options.headers, losesAppend, close };
  }
  const settings = { fetchImpl: options.fetcher, legacyCompat: { enabled: true } };
  const Factory = chosen.protocolBinding === 'JSONRPC' ? JsonRpcTransportFactory : RestTransportFactory;
  return { client: await clientFor(offered, new Factory(settings)), serviceParameters: {}, losesAppend, close() {} };
}

function clientFor(card: AgentCard, transport: TransportFactory): Promise<Client> {
  const cardResolver = { resolve: () => Promise.reject(new Error('the card has been read already')) };
  return new ClientFactory({ transports: [transport], cardResolver }).createFromAgentCard(card);
}

/** Whatever the SDK's client threw, as what it means here. */
export function agentError(thrown: unknown): unknown {
  if (thrown instanceof ForgeError || thrown instanceof AgentFailure) return thrown;
  if (thrown instanceof TaskNotFoundError) return new ForgeError('invalid_params', 'Unknown task', { cause: thrown });
  const { transport, status, message = '' } = thrown as { transport?: unknown; status?: unknown; message?: string };
  if (transport === 'grpc' && status === UNAVAILABLE) return unavailable(message, thrown);
  return new AgentFailure(`The agent did not do it: ${thrown instanceof Error ? thrown.message : 'no reason given'}`);
}

/** Of gRPC: there is no connection, or there is none any more. */
const UNAVAILABLE = 14;

function unavailable(message: string, cause: unknown): ForgeError {
  if (message.includes(refusedHost().message)) return new ForgeError('forbidden', refusedHost().message);
  const isUnsent = /No connection established|Name resolution failed/.test(message);
  if (!isUnsent) return new ForgeError('outcome_unknown', undefined, { cause });
  return new ForgeError('upstream_unreachable', `The agent cannot be reached: ${message.slice(0, 500)}`, { cause });
}
