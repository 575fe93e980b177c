/** @module gRPC services as an upstream, with all that it takes: the connection, the descriptors, the calls. */
import {
  errorOutcome,
  type Exchange,
  type ExchangeRequest,
  forCaller,
  ForgeError,
  JsonText,
  LATEST_MODERN,
  type Outcome,
  resultOutcome,
  Roster,
  type Upstream,
  type UpstreamInfo,
} from '@forge/protocol';
import { isNotDispatched, unreachable } from './calls/failure.ts';
import { callOutcome } from './calls/outcome.ts';
import { PendingCall } from './calls/run-call.ts';
import { toolError } from './calls/result.ts';
import { checkWholeNumbers } from './calls/whole-numbers.ts';
import { authority } from './channel/addresses.ts';
import { type ChannelSettings, openChannel } from './channel/channel.ts';
import type { Channel } from './channel/connection.ts';
import { checkHealth } from './channel/health.ts';
import { CallError } from './channel/status.ts';
import type { GrpcUpstreamOptions } from './grpc-upstream.ts';
import { createMetadata, withAuthorization } from './metadata.ts';
import { createSource, type Sourced } from './source.ts';

interface Live extends Sourced {
  readonly channel: Channel;
  readonly info: UpstreamInfo;
  readonly readAt: number;
}

/** Descriptors that were read a moment ago are not read again for a list. */
const FRESH_MS = 1000;

/**
 * An upstream as {@link grpcUpstream} promises it.
 *
 * @throws ForgeError `validation_failed` for descriptors, headers or certificates that cannot be used
 */
export function createLiveUpstream(options: GrpcUpstreamOptions): Upstream {
  const { host, port, events, requestTimeoutMs = 60_000, connectTimeoutMs = 10_000, maxInFlight = 2048 } = options;
  const { maxMessages = 1000, maxCollected = 8_388_608 } = options;
  const source = createSource(options);
  const metadata = createMetadata(options.headers ?? {});
  const settings: ChannelSettings = {
    host,
    port,
    tls: options.tls,
    metadata,
    connectTimeoutMs,
    gzip: options.gzip === true,
    maxMessageBytes: options.maxMessageBytes ?? 4_194_304,
    keepAliveMs: options.keepAliveMs ?? 300_000,
    refusesAddress: options.refusesAddress ?? (() => false),
  };
  const inFlight = new Roster<PendingCall>();
  let live: Live | undefined;
  let connecting: Promise<Live> | undefined;
  let digest: string | undefined;
  let closed = false;

  async function open(): Promise<Live> {
    const channel = await openChannel(settings);
    try {
      return adopt(channel, await read(channel));
    } catch (error) {
      channel.close();
      throw error;
    }
  }

  /** @throws ForgeError */
  async function read(channel: Channel): Promise<Sourced> {
    try {
      return await source.read(channel, metadata, Date.now() + connectTimeoutMs);
    } catch (error) {
      throw error instanceof CallError ? describingFailed(error) : error;
    }
  }

  function adopt(channel: Channel, sourced: Sourced): Live {
    if (closed) throw new ForgeError('cancelled');
    const isNew = live?.channel !== channel;
    live = { ...sourced, channel, info: infoOf(sourced, host, port), readAt: Date.now() };
    if (isNew) channel.onLost(() => drop(channel, true));
    if (digest !== undefined && digest !== sourced.digest) events.listChanged('tools');
    digest = sourced.digest;
    return live;
  }

  function connect(): Promise<Live> {
    if (closed) return Promise.reject(new ForgeError('cancelled', 'The upstream was closed'));
    if (live !== undefined) return Promise.resolve(live);
    connecting ??= open().finally(() => {
      connecting = undefined;
    });
    return connecting;
  }

  /** Calls in flight are not touched: a connection may end in good order under them. */
  function drop(channel: Channel, tell: boolean): void {
    if (live?.channel !== channel) return;
    live = undefined;
    channel.close();
    if (tell && !closed) events.lost(new ForgeError('upstream_unreachable', 'The connection was lost'));
  }

  async function list(): Promise<Outcome> {
    let found = await connect();
    if (source.given === undefined && Date.now() - found.readAt > FRESH_MS)
      found = adopt(found.channel, await read(found.channel));
    return resultOutcome(found.catalog.list);
  }

  async function look(): Promise<Outcome> {
    const { channel, info } = await connect();
    try {
      await checkHealth(channel, metadata, Date.now() + connectTimeoutMs);
    } catch (error) {
      drop(channel, false);
      throw error;
    }
    return resultOutcome(JsonText.of({ resultType: 'complete', ...discovered(info) }));
  }

  async function callTool(request: ExchangeRequest, exchange: Exchange): Promise<Outcome> {
    if (inFlight.size >= maxInFlight) throw new ForgeError('overloaded', 'Too many calls are in flight');
    const pending = new PendingCall();
    exchange.onCancel((reason) => pending.withdraw(new ForgeError('cancelled', reason)));
    inFlight.add(pending);
    try {
      return await attempt(request, exchange, pending, true);
    } finally {
      inFlight.delete(pending);
    }
  }

  async function attempt(
    request: ExchangeRequest,
    exchange: Exchange,
    pending: PendingCall,
    mayRepeat: boolean,
  ): Promise<Outcome> {
    const { channel, catalog } = live ?? (await connect());
    if (pending.withdrawn) throw pending.withdrawn;
    const { target = '', client: caller, params, progressToken } = request;
    const operation = catalog.operations.get(target);
    if (operation === undefined) throw new ForgeError('invalid_params', `Unknown tool: ${target.slice(0, 256)}`);
    let messages: Buffer[];
    try {
      const args = params?.member('arguments');
      messages = operation.encode(args?.value);
      checkWholeNumbers(args?.text ?? '');
    } catch (error) {
      return toolError(`The arguments do not fit: ${(error as Error).message}`);
    }
    const { upstreamAuthorization: own } = caller;
    const reply = await pending.run({
      channel,
      operation,
      messages,
      metadata: own === undefined ? metadata : withAuthorization(metadata, own),
      deadline: Date.now() + requestTimeoutMs,
      maxMessages,
      maxLength: maxCollected,
      listener: progressToken === undefined ? undefined : exchange,
    });
    if (pending.withdrawn) throw pending.withdrawn;
    if (reply.failure !== undefined && isNotDispatched(reply.failure)) {
      drop(channel, false);
      if (mayRepeat) return attempt(request, exchange, pending, false);
    }
    return callOutcome(operation, reply, catalog.types);
  }

  return {
    connect: async () => (await connect()).info,
    async call(request, exchange) {
      try {
        if (request.method === 'tools/call') return await callTool(request, exchange);
        if (request.method === 'tools/list') return await list();
        if (request.method === 'server/discover') return await look();
        throw new ForgeError('method_not_found', `A gRPC upstream has tools only, not ${request.method.slice(0, 100)}`);
      } catch (error) {
        return errorOutcome(forCaller(error));
      }
    },
    watch() {},
    sessionEnded() {},
    async close() {
      if (closed) return;
      closed = true;
      for (const pending of inFlight) pending.withdraw(new ForgeError('cancelled'));
      await connecting?.catch(() => undefined); // whoever waited for it is told
      if (live !== undefined) drop(live.channel, false);
    },
  };
}

/** Why descriptors could not be read from a server that is there. */
function describingFailed(error: CallError): ForgeError {
  if (isNotDispatched(error)) return unreachable(error);
  return new ForgeError('upstream_error', `Its reflection failed: ${error.message}`, { cause: error });
}

function infoOf({ catalog, origin }: Sourced, host: string, port: number): UpstreamInfo {
  const { services, operations, leftOut } = catalog;
  const cut = leftOut > 0 ? `; ${leftOut} more are left out, because there are too many` : '';
  return {
    era: 'modern',
    protocolVersion: LATEST_MODERN,
    transport: 'grpc',
    reason: `gRPC: ${operations.size} methods of ${services.length} services, by ${origin}${cut}`,
    description: {
      serverInfo: JsonText.of({ name: authority(host, port), version: '' }),
      capabilities: JsonText.of({ tools: { listChanged: true } }),
      ttlMs: 0,
      cacheScope: 'private',
    },
  };
}

function discovered({ description: { capabilities, serverInfo } }: UpstreamInfo): object {
  return { supportedVersions: [LATEST_MODERN], capabilities, serverInfo, ttlMs: 0, cacheScope: 'private' };
}
