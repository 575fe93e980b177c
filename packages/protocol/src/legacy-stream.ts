/** @module The standing stream of a legacy session, and what its client wants to hear outside of requests. */
import { honoured, isAskable, type Offers, refusalToAsk } from './capabilities.ts';
import { LOG_LEVELS } from './classify.ts';
import { isLogged, refused } from './client-exchange.ts';
import type { Endpoint, ListenFilter, Listener, Listening } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { EventId } from './event-id.ts';
import type { EventLog } from './event-store.ts';
import type { Answer, Ask, Client } from './exchange.ts';
import type { JsonText } from './json-text.ts';
import { type LegacyAsks, unref } from './legacy-asks.ts';
import type { SessionState } from './legacy-session-memory.ts';
import { formatNotification } from './message.ts';
import type { Reply } from './reply.ts';
import { answerEnded, SessionStream } from './session-stream.ts';
import { META } from './versions.ts';

/** Resources that one session may watch, and how long their URIs may be: of one, and of all together. */
export const MAX_WATCHED = 256;
const MAX_URI_CHARS = 4096;
export const MAX_WATCHED_CHARS = 32_768;

/** What a standing stream needs of its session. */
export interface LegacyStreamInit {
  readonly capabilities: JsonText;
  readonly offers: Offers;
  readonly asks: LegacyAsks;
  /** Keeps what the client may have lost; without it the stream is carried by one reply for good. */
  readonly log: EventLog | undefined;
  /** How long a client that has disconnected is listened for, in ms. */
  readonly resumeMs: number;
  /** The client has disconnected. */
  readonly onLost: () => void;
}

/** Listens at the endpoint while the client holds a stream open, and for a while longer: it may come back. */
export class LegacyStream {
  /** Set by `logging/setLevel`; until then everything is wanted. */
  logLevel: string | undefined;
  readonly #init: LegacyStreamInit;
  #uris: Set<string> | undefined;
  #stream: SessionStream | undefined;
  #listening: Listening | undefined;
  #givingUp: ReturnType<typeof setTimeout> | undefined;

  constructor(init: LegacyStreamInit) {
    this.#init = init;
  }

  /** Whether a client holds it open. */
  get isOpen(): boolean {
    return this.#stream?.isCarried === true;
  }

  get state(): SessionState | undefined {
    if (this.logLevel === undefined && !this.#uris?.size) return undefined;
    return { logLevel: this.logLevel, uris: [...(this.#uris ?? [])] };
  }

  set state({ logLevel, uris }: SessionState) {
    this.logLevel = logLevel;
    this.#uris = new Set(uris);
  }

  /** When what the client has subscribed to is listened for; `undefined` where there is nothing to wait for. */
  get ready(): PromiseLike<unknown> | undefined {
    return this.#listening?.ready;
  }

  /** Begins a stream in `reply`; one that was there ends. */
  open(endpoint: Endpoint, client: Client, reply: Reply): void {
    this.#listen(endpoint, client);
    this.#stream?.end();
    this.#stream = new SessionStream(this.#init.log, reply);
    this.#carriedBy(reply);
  }

  /** Goes on in `reply` behind an event. What an earlier life of the session has sent is not known: that is a new stream. */
  resume({ epoch, stream, place }: EventId, endpoint: Endpoint, client: Client, reply: Reply): void {
    if (epoch !== this.#init.log?.epoch) return this.open(endpoint, client, reply);
    if (stream !== this.#stream?.number) return answerEnded(reply);
    this.#listen(endpoint, client);
    this.#stream.resume(reply, place);
    this.#carriedBy(reply);
  }

  close(): void {
    this.#stopListening();
    this.#stream?.end();
    this.#stream = undefined;
  }

  /** Serves a request that says what the client wants to hear. Whether it is one. @throws ForgeError */
  set(method: string, params: JsonText | undefined): boolean {
    if (method === 'logging/setLevel') this.#setLevel(params);
    else if (method === 'resources/subscribe') this.#watch(params);
    else if (method === 'resources/unsubscribe') this.#unwatch(params);
    else return false;
    return true;
  }

  /** @throws ForgeError `invalid_params` */
  #setLevel(params: JsonText | undefined): void {
    const level = params?.member('level')?.value;
    if (!LOG_LEVELS.includes(level as string)) throw new ForgeError('invalid_params', 'level must be a log level');
    this.logLevel = level as string;
  }

  /** @throws ForgeError `method_not_found`, `invalid_params` */
  #watch(params: JsonText | undefined): void {
    const uri = this.#readUri(params);
    const uris = (this.#uris ??= new Set());
    if (uris.has(uri)) return;
    if (uris.size >= MAX_WATCHED) {
      throw new ForgeError('invalid_params', `A session may watch at most ${MAX_WATCHED} resources`);
    }
    if ([...uris, uri].join('').length > MAX_WATCHED_CHARS) {
      const message = `The URIs that a session watches may have at most ${MAX_WATCHED_CHARS} characters together`;
      throw new ForgeError('invalid_params', message);
    }
    uris.add(uri);
    this.#listening?.update(this.#filter());
  }

  /** @throws ForgeError `method_not_found`, `invalid_params` */
  #unwatch(params: JsonText | undefined): void {
    if (this.#uris?.delete(this.#readUri(params))) this.#listening?.update(this.#filter());
  }

  #readUri(params: JsonText | undefined): string {
    if (!this.#init.offers.subscribe)
      throw new ForgeError('method_not_found', 'Resources cannot be subscribed to here');
    const uri = params?.member('uri')?.value;
    if (typeof uri !== 'string' || uri.length > MAX_URI_CHARS) {
      throw new ForgeError('invalid_params', `uri must be a string of at most ${MAX_URI_CHARS} characters`);
    }
    return uri;
  }

  #filter(): ListenFilter {
    const all = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
    return honoured({ ...all, resourceSubscriptions: [...(this.#uris ?? [])] }, this.#init.offers);
  }

  /** With the rights of who opens the stream, or comes back for it. */
  #listen(endpoint: Endpoint, client: Client): void {
    const listener: Listener = { note: (method, params) => this.#note(method, params) };
    if (isAskable(this.#init.capabilities)) listener.ask = (ask) => this.#ask(ask);
    const listening = endpoint.listen(client, this.#filter(), listener);
    this.#stopListening();
    this.#listening = listening;
  }

  #carriedBy(reply: Reply): void {
    reply.onClose(() => {
      if (this.#stream?.detach(reply) !== true) return;
      this.#init.onLost();
      this.#givingUp = setTimeout(() => this.#stopListening(), this.#init.resumeMs);
      unref(this.#givingUp);
    });
  }

  #stopListening(): void {
    clearTimeout(this.#givingUp);
    this.#listening?.close();
    this.#listening = undefined;
  }

  #note(method: string, params: JsonText | undefined): void {
    if (method === 'notifications/message' && !isLogged(params, this.logLevel ?? 'debug')) return;
    this.#stream?.event(formatNotification(method, untagged(params)));
  }

  #ask(ask: Ask): Promise<Answer> {
    const refusal = refusalToAsk(this.#init.capabilities, ask);
    if (refusal !== undefined) return Promise.resolve(refused(refusal));
    if (this.#listening === undefined) return Promise.resolve(refused('The client holds no stream open'));
    return this.#init.asks.put(ask, (message) => this.#stream?.event(message));
  }
}

/** A modern upstream's subscription means nothing to a legacy client. */
function untagged(params: JsonText | undefined): JsonText | undefined {
  const meta = params?.member('_meta');
  if (meta?.member(META.subscriptionId) === undefined) return params;
  return params?.with({ _meta: meta.with({ [META.subscriptionId]: undefined }).text });
}
