/**
 * @module Both eras on one duplex connection: stdio, a WebSocket, HTTP+SSE. A request with the modern envelope stands for
 * itself; `initialize` opens the one legacy session that the connection can have.
 */
import { CallTable } from './call-table.ts';
import { type Classified, classify } from './classify.ts';
import type { ClientExchange } from './client-exchange.ts';
import { isInitialize, type LegacyBody, requestId } from './edge-legacy.ts';
import { type ModernEdge, type ModernRequest, openModern, serveModern } from './edge-modern.ts';
import type { Endpoint } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Caller } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { bareSession } from './legacy-bare.ts';
import { openLegacy } from './legacy-opening.ts';
import { LegacySession, MAX_IN_FLIGHT } from './legacy-session.ts';
import {
  formatNotification,
  formatResult,
  type NotificationMessage,
  peekId,
  readBody,
  type RequestMessage,
} from './message.ts';
import { ParkedCalls } from './parked-calls.ts';
import { randomId } from './random-id.ts';
import { type Reply, replyError, type Sender } from './reply.ts';
import { Subscriptions } from './subscriptions.ts';
import type { Channel } from './upstream.ts';
import { agreedLegacy, ASSUMED_LEGACY, type Era, eraOf, SUPPORTED_VERSIONS } from './versions.ts';

/** Open `subscriptions/listen` requests of one connection. */
const MAX_SUBSCRIPTIONS = 100;
/** Between two looks at what is still in flight while closing, in ms. */
const SETTLING_MS = 20;

/** Settings of {@link serveChannel}. */
export interface ChannelOptions {
  /** Who is at the other end. */
  readonly caller: Caller;
  /** What the client itself wants sent to the upstream as `Authorization`. */
  readonly upstreamAuthorization?: string | undefined;
  /** Of the endpoint's revisions, those of these eras alone are served. @default both */
  readonly eras?: readonly Era[] | undefined;
  /**
   * Answers legacy requests before `initialize` too, each as it stands, instead of refusing them.
   *
   * @default false
   */
  readonly bareRequests?: boolean | undefined;
}

/** A connection that is being served. */
export interface ChannelEdge {
  /** From now on messages are of this caller and for this endpoint: the same ones, as they are by now. */
  renew(caller: Caller, endpoint: Endpoint): void;
  /**
   * Refuses new requests, waits for what is in flight, at most `graceMs`, answers the rest with an error, ends
   * subscriptions with their result, then closes the channel.
   *
   * @param graceMs default 0
   */
  close(graceMs?: number): Promise<void>;
}

/**
 * Serves one connection until it closes, which cancels what is in flight.
 *
 * @example
 * const edge = serveChannel(endpoint, channel, { caller: { id: 'local' } });
 */
export function serveChannel(endpoint: Endpoint, channel: Channel, options: ChannelOptions): ChannelEdge {
  const connection = new Connection(endpoint, channel, options);
  channel.onMessage = (text) => connection.receive(text);
  channel.onClose = () => connection.end();
  return {
    renew: (caller, renewed) => connection.renew(caller, renewed),
    async close(graceMs = 0) {
      connection.draining = true;
      const deadline = Date.now() + graceMs;
      while (connection.isBusy && Date.now() < deadline) await sleep(SETTLING_MS);
      connection.end();
      await channel.close();
    },
  };
}

class Connection {
  /** Takes no new requests. */
  draining = false;
  #endpoint: Endpoint;
  #sender: Sender;
  /** Revisions, as they were when the connection began. */
  readonly #served: readonly string[];
  readonly #takesBare: boolean;
  readonly #reply: Reply;
  readonly #modernEdge: ModernEdge;
  /** Modern requests, until whoever serves them has come to rest. */
  readonly #inFlight = new CallTable<ClientExchange>();
  #session: LegacySession | undefined;
  /** What takes legacy requests that come before `initialize`. */
  #bare: LegacySession | undefined;
  /** What came while the session was being opened. */
  #held: LegacyBody[] | undefined;
  #ended = false;

  constructor(endpoint: Endpoint, channel: Channel, options: ChannelOptions) {
    this.#endpoint = endpoint;
    const { versions = SUPPORTED_VERSIONS } = endpoint;
    const { eras } = options;
    this.#served = eras ? versions.filter((version) => eras.includes(eraOf(version) ?? 'legacy')) : versions;
    this.#takesBare = options.bareRequests === true;
    this.#modernEdge = {
      subscriptions: new Subscriptions(MAX_SUBSCRIPTIONS),
      parked: new ParkedCalls({}, { onAnswered: (exchange) => this.#forget(exchange) }),
      versions: this.#served,
    };
    this.#sender = {
      caller: options.caller,
      upstreamAuthorization: options.upstreamAuthorization,
      takesEvents: true,
    };
    this.#reply = channelReply(channel);
  }

  /** Whether requests are in flight that end by themselves. */
  get isBusy(): boolean {
    const modern = [...this.#inFlight];
    if (this.#session?.isBusy === true || this.#bare?.isBusy === true) return true;
    return modern.some(({ request }) => request.method !== 'subscriptions/listen');
  }

  renew(caller: Caller, endpoint: Endpoint): void {
    if (caller === this.#sender.caller && endpoint === this.#endpoint) return;
    this.#sender = { ...this.#sender, caller };
    this.#endpoint = endpoint;
    for (const session of [this.#session, this.#bare]) if (session !== undefined) session.endpoint = endpoint;
  }

  receive(text: string): void {
    if (this.#ended) return;
    try {
      const classified = classify(undefined, readBody(text), this.#served);
      if (this.draining && isRequest(classified)) throw new ForgeError('overloaded', 'The connection is closing');
      if (classified.era === 'legacy') this.#legacy(classified.body);
      else if (classified.envelope === undefined) this.#cancel(classified.message.params);
      else this.#modern(classified);
    } catch (thrown) {
      replyError(this.#reply, peekId(text), thrown);
    }
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#modernEdge.subscriptions.close();
    this.#modernEdge.parked.close();
    const closing = new ForgeError('cancelled', 'The connection is closing');
    for (const exchange of this.#inFlight) {
      if (exchange.request.method === 'subscriptions/listen' && !exchange.cancelled) {
        // The specification wants this besides the result (2026-07-28, Cancellation).
        this.#reply.event(formatNotification('notifications/cancelled', new JsonText(`{"requestId":${exchange.id}}`)));
      }
      exchange.stop(closing);
    }
    this.#session?.end();
    this.#bare?.end();
  }

  #modern(request: ModernRequest): void {
    const { id } = request.message;
    if (this.#inFlight.has(id)) throw new ForgeError('invalid_request', 'A request with this id is in flight');
    if (this.#inFlight.size >= MAX_IN_FLIGHT) throw new ForgeError('overloaded', 'Too many requests in flight');
    const exchange = openModern(this.#endpoint, request, this.#sender, this.#reply, this.#modernEdge);
    this.#inFlight.add(exchange);
    void this.#serve(exchange);
  }

  async #serve(exchange: ClientExchange): Promise<void> {
    await serveModern(this.#endpoint, exchange, this.#modernEdge);
    this.#forget(exchange);
  }

  /** Its id may be in use again already. */
  #forget(exchange: ClientExchange): void {
    if (this.#inFlight.get(exchange.id) === exchange) this.#inFlight.delete(exchange.id);
  }

  /** Whether it was a modern request. */
  #cancel(params: JsonText | undefined): boolean {
    const exchange = this.#inFlight.get(params?.member('requestId')?.text ?? '');
    const reason = params?.member('reason')?.value;
    exchange?.cancel(typeof reason === 'string' ? reason : undefined);
    return exchange !== undefined;
  }

  #legacy(body: LegacyBody): void {
    if (this.#held !== undefined) this.#hold(body);
    else if (isInitialize(body) && this.#session === undefined) void this.#initialize(body);
    // A modern client's notification does not have to say its version.
    else if (isCancellation(body) && this.#cancel(body.params)) return;
    else if (this.#session !== undefined) this.#session.receive(body, this.#sender, this.#reply);
    else this.#beforeSession(body);
  }

  async #initialize({ id, params }: RequestMessage): Promise<void> {
    const held: LegacyBody[] = (this.#held = []);
    try {
      const opening = await openLegacy(this.#endpoint, params, this.#sender.caller, this.#served);
      if (this.#ended) return;
      this.#session = new LegacySession(randomId(), opening, Date.now);
      this.#reply.json(200, formatResult(id, opening.result));
      this.#session.openStream(this.#sender, this.#reply);
    } catch (thrown) {
      replyError(this.#reply, id, thrown);
    }
    this.#held = undefined;
    for (const body of held) this.#replay(body);
  }

  /** Clients may send on without waiting for the answer to `initialize`. */
  #hold(body: LegacyBody): void {
    if (this.#held === undefined || this.#held.length >= MAX_IN_FLIGHT) throw new ForgeError('overloaded');
    this.#held.push(body);
  }

  #replay(body: LegacyBody): void {
    try {
      this.#legacy(body);
    } catch (thrown) {
      replyError(this.#reply, requestId(body), thrown);
    }
  }

  /** Only `ping` may come before `initialize` (2025-11-25, Lifecycle), unless bare requests are wanted. */
  #beforeSession(body: LegacyBody): void {
    const version = this.#takesBare ? agreedLegacy(ASSUMED_LEGACY, this.#served) : undefined;
    if (version !== undefined) {
      this.#bare ??= bareSession(this.#endpoint, this.#sender.caller, version);
      return this.#bare.receive(body, this.#sender, this.#reply);
    }
    if (!Array.isArray(body) && body.kind !== 'request') return;
    if (Array.isArray(body) || body.method !== 'ping') throw new ForgeError('invalid_request', 'Send initialize first');
    this.#reply.json(200, formatResult(body.id, new JsonText('{}')));
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function isRequest(classified: Classified): boolean {
  if (classified.era === 'modern') return classified.envelope !== undefined;
  return Array.isArray(classified.body) || classified.body.kind === 'request';
}

function isCancellation(body: LegacyBody): body is NotificationMessage {
  return !Array.isArray(body) && body.kind === 'notification' && body.method === 'notifications/cancelled';
}

/** All answers share the channel; nothing on it ends but the channel itself. */
function channelReply(channel: Channel): Reply {
  const send = (message: string): void => channel.send(message);
  return { json: (_status, body) => send(body), event: send, empty() {}, open() {}, end() {}, onClose() {} };
}
