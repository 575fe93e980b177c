/** @module An upstream behind duplex channels (stdio, HTTP+SSE, WebSocket), of either era. */
import { initializeChannel, type OwnChannel, ownChannel } from './channel-upstream-session.ts';
import { discoverParams, legacyReason, type ProbeVerdict, readProbe } from './era-probe.ts';
import { ForgeError } from './errors.ts';
import type { Exchange, ExchangeRequest, Outcome } from './exchange.ts';
import type { JsonText } from './json-text.ts';
import { errorOutcome } from './outcome.ts';
import { forCaller, legacyAffinity, type LegacyAffinity, modernParams, SHARED } from './outgoing.ts';
import { createRpcLink, type RpcLink } from './rpc-link.ts';
import { createSessionPool } from './rpc-link-sessions.ts';
import { createListenWatch, createSubscribeWatch, type Watch } from './rpc-link-watch.ts';
import type { Channel, Upstream, UpstreamEvents, UpstreamInfo } from './upstream.ts';
import { LATEST_MODERN } from './versions.ts';

/** Options of {@link createChannelUpstream}. */
export interface ChannelUpstreamOptions {
  /** Opens one more channel to the same server. */
  open(): Promise<Channel>;
  /** `stdio`, `sse`, ...: for {@link UpstreamInfo}. */
  readonly transport: string;
  /** @default 'auto' */
  readonly era?: 'auto' | 'modern' | 'legacy' | undefined;
  readonly events: UpstreamEvents;
  /** Forge's own `Implementation`. */
  readonly clientInfo: JsonText;
  /**
   * How long the server may take to answer `server/discover`, in ms; then it is taken for a legacy one.
   *
   * @default 3000
   */
  readonly probeTimeoutMs?: number | undefined;
  /**
   * How long a call may take, in ms. Progress gives it the whole time again.
   *
   * @default 60000
   */
  readonly requestTimeoutMs?: number | undefined;
  /**
   * Channels for clients that have a session of their own, at most. The least recently used idle one makes room.
   *
   * @default 16
   */
  readonly maxSessions?: number | undefined;
  /**
   * After how many ms such a channel is closed when it is not used.
   *
   * @default 300000
   */
  readonly sessionIdleMs?: number | undefined;
  /**
   * Calls in flight on one channel, at most.
   *
   * @default 1024
   */
  readonly maxInFlight?: number | undefined;
  /**
   * Probes on a channel of its own, which a legacy server loses: some exit on any request before `initialize`.
   *
   * @default false
   */
  readonly disposableProbe?: boolean | undefined;
  /**
   * Whose sessions get a channel of their own: those of clients that a legacy server may ask something, those of every
   * legacy client, or nobody's. With `none` the server is told that nobody can be asked.
   *
   * @default 'asking'
   */
  readonly ownChannels?: 'asking' | 'every' | 'none' | undefined;
  /**
   * Callers are told how a channel ended: of a child, its exit code and last words. Otherwise that is for operators.
   *
   * @default false
   */
  readonly tellCallers?: boolean | undefined;
}

/** What stands while the upstream is connected. */
interface Connection {
  readonly info: UpstreamInfo;
  readonly link: RpcLink;
  readonly watch: Watch;
  call(request: ExchangeRequest, exchange: Exchange): Promise<Outcome>;
}

/**
 * An upstream that is reached by channels. A modern server gets one; a legacy one also gets one for every client session
 * that it may ask something, because capabilities are fixed at `initialize`.
 *
 * @example
 * const upstream = createChannelUpstream({
 *   open: () => spawnChannel({ command: 'uvx', args: ['mcp-server-git'] }),
 *   transport: 'stdio',
 *   events,
 *   clientInfo: JsonText.of({ name: 'forge', version: '0.1.0' }),
 * });
 * const { era } = await upstream.connect();
 */
export function createChannelUpstream(options: ChannelUpstreamOptions): Upstream {
  const { era = 'auto', events, clientInfo, transport, ownChannels = 'asking', tellCallers = false } = options;
  let attempt: Promise<Connection> | undefined;
  let connection: Connection | undefined;
  let uris: ReadonlySet<string> = new Set();
  let taskIds: ReadonlySet<string> = new Set();
  let closed = false;
  const links = new Set<RpcLink>();

  /** The channels of single clients. */
  const sessions = createSessionPool<OwnChannel>({
    maxSessions: options.maxSessions ?? 16,
    idleMs: options.sessionIdleMs ?? 300_000,
  });

  function connect(): Promise<Connection> {
    attempt ??= establish().catch((error: unknown) => {
      attempt = undefined;
      throw error;
    });
    return attempt;
  }

  async function establish(): Promise<Connection> {
    const established = await findEra();
    if (established.link.closed) throw new ForgeError('upstream_unreachable', 'It ended as soon as it was connected');
    connection = established;
    established.watch.update(uris, taskIds);
    return established;
  }

  async function openLink(affinity: LegacyAffinity = SHARED): Promise<RpcLink> {
    if (closed) throw new ForgeError('cancelled', 'The upstream has been closed');
    const channel = await options.open().catch((error: unknown) => {
      throw error instanceof ForgeError ? error : unreachable(error);
    });
    const link = createRpcLink(channel, {
      events,
      sessionId: affinity.sessionId,
      requestTimeoutMs: options.requestTimeoutMs ?? 60_000,
      maxInFlight: options.maxInFlight ?? 1024,
      tellCallers,
      onLost: (error) => lost(link, error),
    });
    for (const old of links) if (old.closed) links.delete(old);
    links.add(link);
    if (closed) await link.close();
    return link;
  }

  function lost(link: RpcLink, error: Error): void {
    if (connection?.link !== link) return; // a probe, or a session: what used it has been told
    connection.watch.close();
    connection = undefined;
    attempt = undefined;
    events.lost(error);
  }

  async function findEra(): Promise<Connection> {
    if (era === 'legacy') return legacy(await openLink(), 'era is set to legacy');
    const link = await openLink();
    const verdict = await probe(link);
    if (verdict.era === 'modern') return modern(link, verdict);
    const reusable = !link.closed && options.disposableProbe !== true;
    if (!reusable || era === 'modern') await link.close();
    if (era === 'modern') throw new ForgeError('upstream_error', `Not a modern server: ${verdict.reason}`);
    try {
      return await legacy(reusable ? link : await openLink(), verdict.reason);
    } catch (error) {
      const late = await verdict.late;
      if (late !== undefined) return modern(await openLink(), late);
      // It started so slowly that it found both requests waiting, and some end when the first one is not `initialize`.
      const ended = error instanceof ForgeError && error.code === 'upstream_unreachable';
      if (!reusable || verdict.late === undefined || !ended) throw error;
      return legacy(await openLink(), `${verdict.reason}, and ended`);
    }
  }

  async function probe(link: RpcLink): Promise<ModernVerdict | NoVerdict> {
    const answer = discover(link);
    const timeoutMs = options.probeTimeoutMs ?? 3000;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), timeoutMs);
    });
    const verdict = await Promise.race([answer, silence]);
    clearTimeout(timer);
    if (verdict?.era === 'modern') return verdict;
    if (verdict !== undefined) return { era: 'legacy', reason: verdict.reason };
    // A slow modern server refuses `initialize` after it has answered the probe.
    const late = answer.then((got) => (got.era === 'modern' ? got : undefined));
    return { era: 'legacy', reason: `server/discover was not answered within ${timeoutMs} ms`, late };
  }

  async function discover(link: RpcLink): Promise<ModernVerdict | NoVerdict> {
    const ask = async (version: string): Promise<ProbeVerdict> =>
      readProbe(await link.request('server/discover', discoverParams(version, clientInfo)).answer);
    try {
      const first = await ask(LATEST_MODERN);
      const verdict = first.era === 'retry' ? await ask(first.protocolVersion) : first;
      if (verdict.era !== 'retry') return verdict;
      return { era: 'legacy', reason: `it refuses revision ${verdict.protocolVersion}, which it says it supports` };
    } catch (error) {
      return {
        era: 'legacy',
        reason: `server/discover was not answered: ${ForgeError.from(forCaller(error)).publicMessage}`,
      };
    }
  }

  function modern(link: RpcLink, { protocolVersion, description, reason }: ModernVerdict): Connection {
    const callOn = (link: RpcLink): OwnChannel['call'] => {
      return (request, exchange) =>
        link.call('modern', request, exchange, (request, progressToken) =>
          modernParams(request, { protocolVersion, clientInfo, progressToken }),
        );
    };
    const callShared = callOn(link);
    return {
      link,
      info: { era: 'modern', protocolVersion, description, transport, reason },
      watch: createListenWatch({
        description,
        protocolVersion,
        clientInfo,
        events,
        request: (method, params) => link.request(method, params, method === 'subscriptions/listen'),
      }),
      call(request, exchange) {
        const affinity = legacyAffinity(request.client, true);
        if (ownChannels !== 'every' || affinity.sessionId === undefined) return callShared(request, exchange);
        const open = async () => ownChannel(await openLink(affinity), callOn);
        return sessions.use(affinity.key, open, (session) => session.call(request, exchange));
      },
    };
  }

  async function legacy(link: RpcLink, why: string): Promise<Connection> {
    const shared = await initializeChannel(link, SHARED, clientInfo);
    const { protocolVersion, description } = shared;
    const reason = legacyReason(why, protocolVersion);
    return {
      link,
      info: { era: 'legacy', protocolVersion, description, transport, reason },
      watch: createSubscribeWatch({
        description,
        protocolVersion,
        clientInfo,
        events,
        request: (method, params) => link.request(method, params),
      }),
      call(request, exchange) {
        const affinity = ownChannels === 'none' ? SHARED : legacyAffinity(request.client, ownChannels === 'every');
        if (affinity === SHARED) return shared.call(request, exchange);
        const open = async () => initializeChannel(await openLink(affinity), affinity, clientInfo);
        return sessions.use(affinity.key, open, (session) => session.call(request, exchange));
      },
    };
  }

  return {
    connect: async () => (await connect()).info,
    async call(request, exchange) {
      try {
        return await (connection ?? (await connect())).call(request, exchange);
      } catch (error) {
        return errorOutcome(tellCallers ? error : forCaller(error));
      }
    },
    watch(wantedUris, wantedTasks) {
      uris = new Set(wantedUris);
      taskIds = new Set(wantedTasks);
      return connection?.watch.update(uris, taskIds);
    },
    sessionNote: (sessionId, method, params) => sessions.peek(`session:${sessionId}`)?.notify?.(method, params),
    sessionEnded(sessionId) {
      void sessions.remove((key) => key === `session:${sessionId}`);
    },
    async close() {
      closed = true;
      connection?.watch.close();
      connection = undefined;
      attempt = undefined;
      await Promise.all([sessions.remove(() => true), ...[...links].map((link) => link.close())]);
    },
  };
}

type ModernVerdict = Extract<ProbeVerdict, { era: 'modern' }>;

interface NoVerdict {
  readonly era: 'legacy';
  readonly reason: string;
  /** What the probe finds out after all, where it had not been answered in time. */
  readonly late?: Promise<ModernVerdict | undefined>;
}

function unreachable(error: unknown): ForgeError {
  return new ForgeError('upstream_unreachable', error instanceof Error ? error.message : undefined, { cause: error });
}
