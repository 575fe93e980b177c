/**
 * @module One session of the legacy era, whatever carries it: the client's requests in flight, the questions it has been
 * sent and its standing stream. A client that disconnects has not cancelled (2025-11-25, Transports): its calls go on
 * for a while, and it can come back for what they said.
 */
import { atMost } from './at-most.ts';
import { CallTable } from './call-table.ts';
import { refusalToAsk } from './capabilities.ts';
import { progressTokenOf, targetOf } from './classify.ts';
import { ClientExchange, type ExchangeHost, refused } from './client-exchange.ts';
import type { EdgeStreams } from './edge-streams.ts';
import type { Endpoint } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import { fitsEventId, readEventId } from './event-id.ts';
import { EventLog } from './event-store.ts';
import type { Answer, Ask, Caller, Client, ExchangeRequest, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { LegacyAsks, unref } from './legacy-asks.ts';
import { receiveBatch } from './legacy-batch.ts';
import type { SessionFacts } from './legacy-opening.ts';
import { resumeCall } from './legacy-resume.ts';
import { answerRounds, asksForInput } from './legacy-rounds.ts';
import type { SessionState } from './legacy-session-memory.ts';
import { LegacyStream } from './legacy-stream.ts';
import { formatError, formatResult, type Message, type NotificationMessage, type RequestMessage } from './message.ts';
import { errorOutcome, toRpcError } from './outcome.ts';
import { type Events, type Reply, replyError, type Sender } from './reply.ts';
import type { Deadlines } from './rpc-link-deadlines.ts';
import { SessionStream } from './session-stream.ts';
import { toLegacy } from './shapes.ts';
import { READY_MS } from './subscriptions.ts';

/** Requests of one session that may be in flight, those included that were cancelled and have not come to rest. */
export const MAX_IN_FLIGHT = 1024;

/** How long a call goes on whose client has disconnected and is not waited for any more. */
export const DETACHED_MS = 600_000;

/** The first revision whose clients take an event without data. */
const PRIMED_SINCE = '2025-11-25';

const EMPTY = new JsonText('{}');
const RETRY_AFTER = 1;

/** What an edge has for its sessions. */
export interface LegacySessionInit {
  /** Makes their streams resumable. */
  readonly streams?: EdgeStreams | undefined;
  /** Hears when {@link LegacySession.state} has changed. */
  readonly onState?: ((session: LegacySession) => void) | undefined;
}

/** A legacy session. */
export class LegacySession implements ExchangeHost {
  readonly id: string;
  readonly caller: Caller;
  readonly protocolVersion: string;
  /** Refreshed by the edge: endpoints are told apart by their key, and a later object may know more. */
  endpoint: Endpoint;
  /** When the session was last in use, by its clock. */
  lastUsed: number;
  /** See {@link ExchangeHost}. */
  readonly silence: Deadlines<ClientExchange> | undefined;
  readonly #capabilities: JsonText;
  readonly #info: JsonText | undefined;
  readonly #now: () => number;
  readonly #asks = new LegacyAsks();
  readonly #log: EventLog | undefined;
  readonly #resumeMs: number;
  readonly #stream: LegacyStream;
  readonly #inFlight = new CallTable<ClientExchange>();
  readonly #onState: ((session: LegacySession) => void) | undefined;
  #running = 0;

  constructor(id: string, facts: SessionFacts, now: () => number, { streams, onState }: LegacySessionInit = {}) {
    this.id = id;
    this.caller = facts.caller;
    this.protocolVersion = facts.protocolVersion;
    this.endpoint = facts.endpoint;
    this.lastUsed = now();
    this.#capabilities = facts.capabilities;
    this.#info = facts.info;
    this.#now = now;
    this.#onState = onState;
    this.silence = streams?.silence;
    this.#resumeMs = streams?.resumeMs ?? 0;
    if (streams !== undefined) this.#log = new EventLog(streams.store, facts.protocolVersion >= PRIMED_SINCE);
    this.#stream = new LegacyStream({
      capabilities: facts.capabilities,
      offers: facts.offers,
      asks: this.#asks,
      log: this.#log,
      resumeMs: this.#resumeMs,
      onLost: () => {
        this.lastUsed = now();
      },
    });
  }

  /** What the client has asked of its stream; `undefined`: nothing. */
  get state(): SessionState | undefined {
    return this.#stream.state;
  }

  /** Goes on from what another object with this id was asked, before a stream is open. */
  restore(state: SessionState): void {
    this.#stream.state = state;
  }

  /** Nothing is in flight and no stream is open, so that ending the session disturbs nobody at the moment. */
  get isIdle(): boolean {
    return this.#inFlight.size === 0 && !this.#stream.isOpen;
  }

  /** Whether requests are in flight, or cancelled and not at rest. */
  get isBusy(): boolean {
    return this.#running > 0;
  }

  /** Takes what the client sent. `reply` gets the answers to requests; anything else is accepted with 202. */
  receive(body: Message | Message[], sender: Sender, reply: Reply): void {
    if (Array.isArray(body)) return receiveBatch(this, body, sender, reply);
    if (body.kind === 'request') return this.#request(body, sender, reply);
    if (body.kind === 'response') this.#asks.answer(body);
    else this.#notified(body, sender);
    reply.empty(202);
  }

  /** Makes `reply` the standing stream; one that was open ends. */
  openStream(sender: Sender, reply: Reply): void {
    this.#stream.open(this.endpoint, this.#client(sender), reply);
  }

  /**
   * Goes on in `reply` with the stream that an event belongs to, behind that event; 405 when nothing follows it.
   *
   * @throws ForgeError `invalid_request` when that is not the id of an event
   */
  resume(lastEventId: string, sender: Sender, reply: Reply): void {
    const event = readEventId(lastEventId);
    if (event.requestId === undefined) return this.#stream.resume(event, this.endpoint, this.#client(sender), reply);
    const exchange = this.#inFlight.get(event.requestId);
    if (this.#log === undefined || !resumeCall(this.#log, event, exchange, reply)) return;
    clearTimeout(exchange.givingUp);
    exchange.takesEvents = true;
    reply.onClose(() => this.#detach(exchange, reply));
  }

  /** Ends everything that belongs to the session; called once, by whoever forgets it. `error` answers its calls. */
  end(error = new ForgeError('session_not_found', 'The session has ended')): void {
    for (const exchange of this.#inFlight) {
      this.#release(exchange, error.message);
      exchange.stop(error);
    }
    this.#asks.withdraw(error.message);
    this.#stream.close();
    this.#log?.clear();
    this.endpoint.sessionEnded(this.id);
  }

  #request(message: RequestMessage, sender: Sender, reply: Reply): void {
    const { id, method, params } = message;
    if (this.#inFlight.has(id)) {
      return replyError(reply, id, new ForgeError('invalid_request', 'A request with this id is in flight'));
    }
    if (this.#running >= MAX_IN_FLIGHT) {
      return replyError(reply, id, new ForgeError('overloaded', undefined, { retryAfter: RETRY_AFTER }));
    }
    try {
      if (this.#serveOwn(method, params)) return void this.#answerOwn(id, method, reply);
      const request = this.#exchangeRequest(message, sender);
      const exchange = new ClientExchange(id, request, reply, sender.takesEvents, this);
      this.#inFlight.add(exchange);
      reply.onClose((error) => (error ? exchange.stop(error) : this.#detach(exchange, reply)));
      void this.#serve(exchange);
    } catch (thrown) {
      // Not by its own HTTP status: 404 would tell the client that its session is gone.
      reply.json(200, formatError(id, toRpcError(thrown)));
    }
  }

  /** Serves what is the session's own affair; all of it is answered by an empty result. */
  #serveOwn(method: string, params: JsonText | undefined): boolean {
    switch (method) {
      case 'ping':
        return true;
      case 'initialize':
        throw new ForgeError('invalid_request', 'The session is initialized already');
      case 'server/discover':
      case 'subscriptions/listen':
        throw new ForgeError('method_not_found', `${method} does not exist in ${this.protocolVersion}`);
      default:
        if (!this.#stream.set(method, params)) return false;
        this.#onState?.(this);
        return true;
    }
  }

  /** A subscription that stands may be relied on, so the servers behind come first. */
  async #answerOwn(id: string, method: string, reply: Reply): Promise<void> {
    const ready = method === 'resources/subscribe' ? this.#stream.ready : undefined;
    if (ready !== undefined) {
      this.#running += 1;
      await atMost(READY_MS, ready);
      this.#running -= 1;
    }
    reply.json(200, formatResult(id, EMPTY));
  }

  async #serve(exchange: ClientExchange): Promise<void> {
    this.#running += 1;
    let outcome: Outcome;
    try {
      outcome = await this.endpoint.handle(exchange.request, exchange);
      if (asksForInput(outcome)) {
        outcome = await answerRounds(outcome, exchange, (request) => this.endpoint.handle(request, exchange));
      }
      outcome = toLegacy(outcome, exchange.request.method);
    } catch (thrown) {
      outcome = errorOutcome(thrown);
    }
    this.#running -= 1;
    this.lastUsed = this.#now();
    this.#release(exchange, 'The request has ended');
    exchange.finish(200, outcome);
  }

  #notified({ method, params }: NotificationMessage, sender: Sender): void {
    if (method === 'notifications/initialized' || method === 'notifications/progress') return;
    if (method !== 'notifications/cancelled') {
      this.endpoint.sessionNote?.(this.#client(sender), method, params);
      return;
    }
    const exchange = this.#inFlight.get(params?.member('requestId')?.text ?? '');
    const reason = params?.member('reason')?.value;
    if (exchange !== undefined) this.#cancel(exchange, typeof reason === 'string' ? reason : undefined);
  }

  #cancel(exchange: ClientExchange, reason: string | undefined): void {
    this.#release(exchange, 'The request was cancelled');
    exchange.cancel(reason);
    exchange.abandon();
  }

  /** Forgets a request, and what the client was asked for its sake. */
  #release(exchange: ClientExchange, why: string): void {
    clearTimeout(exchange.givingUp);
    this.#asks.withdraw(why, exchange);
    if (this.#inFlight.get(exchange.id) === exchange) this.#inFlight.delete(exchange.id);
  }

  /** The client went away. It may come back, if there is a stream that it knows of. */
  #detach(exchange: ClientExchange, reply: Reply): void {
    if (this.#inFlight.get(exchange.id) !== exchange) return;
    if (!(exchange.events instanceof SessionStream)) return this.#giveUp(exchange);
    if (exchange.events.detach(reply)) later(exchange, this.#resumeMs, () => this.#giveUp(exchange));
  }

  /** Nobody is left to answer what this request asks. How it ends can be fetched all the same. */
  #giveUp(exchange: ClientExchange): void {
    const why = 'The client has disconnected';
    exchange.takesEvents = false;
    this.#asks.withdraw(why, exchange);
    later(exchange, DETACHED_MS, () => {
      this.#release(exchange, why);
      exchange.stop(new ForgeError('cancelled', why));
    });
  }

  /** The stream of an answer, which outlives its reply. */
  streamFor({ id, reply }: ClientExchange): Events | undefined {
    return this.#log !== undefined && fitsEventId(id) ? new SessionStream(this.#log, reply, id) : undefined;
  }

  /** Asks the client for the sake of a request. */
  ask(ask: Ask, exchange: ClientExchange): Promise<Answer> {
    if (!exchange.takesEvents) {
      return Promise.resolve(refused('The client takes no messages ahead of its answer, so it cannot be asked'));
    }
    const refusal = refusalToAsk(this.#capabilities, ask);
    if (refusal !== undefined) return Promise.resolve(refused(refusal));
    return this.#asks.put(ask, (message) => exchange.send(message), exchange);
  }

  #exchangeRequest({ method, params }: RequestMessage, sender: Sender): ExchangeRequest {
    const target = targetOf(method, params);
    const isCall = method === 'tools/call' && target !== undefined;
    return {
      method,
      params,
      target,
      client: this.#client(sender),
      progressToken: progressTokenOf(params),
      paramHeaders: isCall ? this.endpoint.paramHeaders(target, sender.caller) : undefined,
    };
  }

  /** The rights are those of who sent the message, not of who opened the session, though both are the same caller. */
  #client(sender: Sender): Client {
    return {
      era: 'legacy',
      protocolVersion: this.protocolVersion,
      caller: sender.caller,
      capabilities: this.#capabilities,
      info: this.#info,
      logLevel: this.#stream.logLevel,
      sessionId: this.id,
      upstreamAuthorization: sender.upstreamAuthorization,
    };
  }
}

function later(exchange: ClientExchange, ms: number, then: () => void): void {
  exchange.givingUp = setTimeout(then, ms);
  unref(exchange.givingUp);
}
