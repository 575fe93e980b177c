/** @module The standing stream of a legacy session, and what its client wants to hear outside of requests. */
import { honoured, isAskable, type Offers, refusalToAsk } from './capabilities.ts';
import { LOG_LEVELS } from './classify.ts';
import { isLogged, refused } from './client-exchange.ts';
import type { Endpoint, ListenFilter, Listener, Listening } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Answer, Ask, Client } from './exchange.ts';
import type { JsonText } from './json-text.ts';
import type { LegacyAsks } from './legacy-asks.ts';
import type { SessionState } from './legacy-session-memory.ts';
import { formatNotification } from './message.ts';
import type { Reply } from './reply.ts';
import { META } from './versions.ts';

/** Resources that one session may watch, and how long their URIs may be: of one, and of all together. */
export const MAX_WATCHED = 256;
const MAX_URI_CHARS = 4096;
export const MAX_WATCHED_CHARS = 32_768;

/** Listens at the endpoint while, and only while, the client holds a stream open. */
export class LegacyStream {
  /** Set by `logging/setLevel`; until then everything is wanted. */
  logLevel: string | undefined;
  readonly #capabilities: JsonText;
  readonly #offers: Offers;
  readonly #asks: LegacyAsks;
  readonly #onClosed: () => void;
  #uris: Set<string> | undefined;
  #reply: Reply | undefined;
  #listening: Listening | undefined;

  constructor(capabilities: JsonText, offers: Offers, asks: LegacyAsks, onClosed: () => void) {
    this.#capabilities = capabilities;
    this.#offers = offers;
    this.#asks = asks;
    this.#onClosed = onClosed;
  }

  get isOpen(): boolean {
    return this.#reply !== undefined;
  }

  get state(): SessionState | undefined {
    if (this.logLevel === undefined && !this.#uris?.size) return undefined;
    return { logLevel: this.logLevel, uris: [...(this.#uris ?? [])] };
  }

  set state({ logLevel, uris }: SessionState) {
    this.logLevel = logLevel;
    this.#uris = new Set(uris);
  }

  /** Makes `reply` the stream; one that was open ends. */
  open(endpoint: Endpoint, client: Client, reply: Reply): void {
    const listener: Listener = { note: (method, params) => this.#note(method, params) };
    if (isAskable(this.#capabilities)) listener.ask = (ask) => this.#ask(ask);
    const listening = endpoint.listen(client, this.#filter(), listener);
    this.#listening?.close();
    this.#listening = listening;
    this.#reply?.end();
    this.#reply = reply;
    reply.open();
    reply.onClose(() => {
      if (this.#reply === reply) this.close();
    });
  }

  close(): void {
    const reply = this.#reply;
    if (reply === undefined) return;
    this.#reply = undefined;
    reply.end();
    this.#listening?.close();
    this.#listening = undefined;
    this.#onClosed();
  }

  /** `logging/setLevel`. @throws ForgeError `invalid_params` */
  setLevel(params: JsonText | undefined): void {
    const level = params?.member('level')?.value;
    if (!LOG_LEVELS.includes(level as string)) throw new ForgeError('invalid_params', 'level must be a log level');
    this.logLevel = level as string;
  }

  /** `resources/subscribe`. @throws ForgeError `method_not_found`, `invalid_params` */
  watch(params: JsonText | undefined): void {
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

  /** `resources/unsubscribe`. @throws ForgeError `method_not_found`, `invalid_params` */
  unwatch(params: JsonText | undefined): void {
    if (this.#uris?.delete(this.#readUri(params))) this.#listening?.update(this.#filter());
  }

  #readUri(params: JsonText | undefined): string {
    if (!this.#offers.subscribe) throw new ForgeError('method_not_found', 'Resources cannot be subscribed to here');
    const uri = params?.member('uri')?.value;
    if (typeof uri !== 'string' || uri.length > MAX_URI_CHARS) {
      throw new ForgeError('invalid_params', `uri must be a string of at most ${MAX_URI_CHARS} characters`);
    }
    return uri;
  }

  #filter(): ListenFilter {
    const all = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
    return honoured({ ...all, resourceSubscriptions: [...(this.#uris ?? [])] }, this.#offers);
  }

  #note(method: string, params: JsonText | undefined): void {
    if (method === 'notifications/message' && !isLogged(params, this.logLevel ?? 'debug')) return;
    this.#reply?.event(formatNotification(method, untagged(params)));
  }

  #ask(ask: Ask): Promise<Answer> {
    const refusal = refusalToAsk(this.#capabilities, ask);
    if (refusal !== undefined) return Promise.resolve(refused(refusal));
    if (!this.isOpen) return Promise.resolve(refused('The client holds no stream open'));
    return this.#asks.put(ask, (message) => this.#reply?.event(message));
  }
}

/** A modern upstream's subscription means nothing to a legacy client. */
function untagged(params: JsonText | undefined): JsonText | undefined {
  const meta = params?.member('_meta');
  if (meta?.member(META.subscriptionId) === undefined) return params;
  return params?.with({ _meta: meta.with({ [META.subscriptionId]: undefined }).text });
}
