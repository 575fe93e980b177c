/** @module The adapter of agents: reads what is said about one, and makes an upstream of it. */
import type { Sealer, UpstreamAdapter, UpstreamRecord } from '@forge/core';
import { createTokenSource, type TokenSource } from '@forge/outgoing';
import { agentUpstream } from './agent-upstream.ts';
import type { Agent, AgentContext } from './agent.ts';
import { type AgentConfig, checkConfig, queryOf, readConfig } from './config.ts';
import { createAgentHttp } from './http/agent-http.ts';
import { anthropic } from './model/anthropic.ts';
import { custom } from './model/custom.ts';
import { modelAgent, type ModelProtocol } from './model/model-agent.ts';
import { openAi } from './model/openai.ts';

/** Options of {@link a2aAdapter}. */
export interface A2aAdapterOptions {
  /** Seals what callers keep of their conversations. */
  readonly sealer: Sealer;
  /** Whether a host, as a name or as an address that one leads to, must not be called. @default none */
  readonly refuses?: ((host: string) => boolean) | undefined;
  /** How long a call may take, in ms, where the record does not say. @default 60000 */
  readonly requestTimeoutMs?: number | undefined;
  /** @default 10000 */
  readonly connectTimeoutMs?: number | undefined;
  /** Bytes of an answer at most, of all the events of a stream together. @default 67108864 */
  readonly maxResponseBytes?: number | undefined;
  /** Streams of one agent at one time, and as many other requests; further ones wait. @default 64 */
  readonly maxConnections?: number | undefined;
  /** Calls in flight at most, for each agent. @default 1024 */
  readonly maxInFlight?: number | undefined;
  /** After how many ms a client that takes tasks gets one for a call that is not over. @default 5000 */
  readonly taskAfterMs?: number | undefined;
}

/**
 * Makes upstreams of the transport `a2a`.
 *
 * @example
 * const forge = await createForge({ adapters: [a2aAdapter({ sealer })], ... });
 */
export function a2aAdapter(options: A2aAdapterOptions): UpstreamAdapter {
  return {
    transports: ['a2a'],
    check: (record) => checkConfig(record, options.refuses ?? none),
    destinations(record) {
      const config = readConfig(record);
      const tokens = config.oauth === undefined ? [] : [new URL(config.oauth.tokenUrl).origin];
      return [...('origins' in config ? config.origins : []), ...tokens];
    },
    create(record, events) {
      const { requestTimeoutMs = 60_000, maxInFlight = 1024 } = options;
      const settings = { events, requestTimeoutMs: record.timeoutMs ?? requestTimeoutMs, maxInFlight };
      return agentUpstream(settings, (context) => agentOf(record, options, context));
    },
  };
}

/** What speaks to the agent is loaded with the first one: it is large. */
async function agentOf(record: UpstreamRecord, options: A2aAdapterOptions, context: AgentContext): Promise<Agent> {
  const { sealer, refuses = none, taskAfterMs = 5000, maxResponseBytes = 64 * 1024 * 1024 } = options;
  const { connectTimeoutMs = 10_000, maxConnections = 64 } = options;
  const config = readConfig(record);
  const url = new URL(record.url ?? '');
  const origins = new Set([url.origin, ...('origins' in config ? config.origins : [])]);
  const headers = Object.fromEntries(record.headers.map(({ name, value }) => [name.toLowerCase(), value]));
  const query = queryOf(config, record);
  const tokens = tokensOf(config, record, refuses);
  const http = createAgentHttp({ refuses, origins, headers, query, tokens, connectTimeoutMs, maxConnections });
  if (config.agentType === 'a2a') {
    const { a2aAgent } = await import('./a2a/a2a-agent.ts');
    return a2aAgent(
      { record, config, http, headers, tokens, origins, sealer, refuses, maxResponseBytes, taskAfterMs },
      context,
    );
  }
  return modelAgent(record, protocolOf(config, url), http, maxResponseBytes, context);
}

/** Closed with the way to the agent. */
function tokensOf(
  { oauth }: AgentConfig,
  { secrets }: UpstreamRecord,
  refuses: (host: string) => boolean,
): TokenSource | undefined {
  if (oauth === undefined) return undefined;
  return createTokenSource({ credential: oauth, clientSecret: secrets?.[oauth.clientSecret] ?? '', refuses });
}

function protocolOf(config: Exclude<AgentConfig, { agentType: 'a2a' }>, url: URL): ModelProtocol {
  if (config.agentType === 'openai') return openAi(url, config);
  return config.agentType === 'anthropic' ? anthropic(url, config) : custom(url, config);
}

const none = (): boolean => false;
