/** @module The calls of one edge that wait for a modern client's answers: bounded in number and time, bound to who made them. */
import { missingToAsk, refusalToAsk } from './capabilities.ts';
import { type Asker, type ClientExchange, type ExchangeHost, refused } from './client-exchange.ts';
import { ForgeError } from './errors.ts';
import type { ExchangeRequest } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { ParkedCall } from './parked-call.ts';
import { randomId } from './random-id.ts';
import { INVALID_STATE, RequestStates, STATE_PREFIX } from './request-state.ts';
import type { Deadlines } from './rpc-link-deadlines.ts';
import { digestOf } from './seal.ts';
import { ASKING } from './shapes.ts';

/** Bounds of {@link ParkedCalls}, and what replicas would have to share. */
export interface ParkedCallsOptions {
  /**
   * Calls at most that have asked their client something; past it a call that asks fails with `overloaded`.
   * @default 1000
   */
  readonly max?: number | undefined;
  /**
   * Of these, how many may be of one caller.
   * @default 64
   */
  readonly maxPerCaller?: number | undefined;
  /**
   * How long a client may take to come back with its answers, in ms.
   * @default 300_000 (5 minutes)
   */
  readonly ttlMs?: number | undefined;
  /** Seals `requestState`; 32 bytes. @default a key of this process's own */
  readonly key?: Uint8Array | undefined;
}

const RETRY_AFTER = 10;
const CLOSING = (): ForgeError => new ForgeError('cancelled', 'The server is closing');
const EMPTY = new JsonText('{}');

/** What the parked calls of an edge are given by it. */
export interface ParkedCallsInit {
  /** The clock, in ms. @default Date.now */
  readonly now?: (() => number) | undefined;
  /** A request has its answer, though its call goes on. */
  readonly onAnswered?: ((exchange: ClientExchange) => void) | undefined;
  /** See {@link ExchangeHost}. */
  readonly silence?: Deadlines<ClientExchange> | undefined;
}

interface Entry {
  readonly call: ParkedCall;
  readonly caller: string;
}

/** The parked calls. */
export class ParkedCalls implements ExchangeHost {
  readonly silence: Deadlines<ClientExchange> | undefined;
  readonly #calls = new Map<string, Entry>();
  readonly #max: number;
  readonly #maxPerCaller: number;
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #onAnswered: ((exchange: ClientExchange) => void) | undefined;
  readonly #states: RequestStates;
  /** Tells the states of this process from those of another with the same key. */
  readonly #node = randomId();
  #lastId = 0;
  #closed = false;

  constructor(options: ParkedCallsOptions = {}, { now = Date.now, onAnswered, silence }: ParkedCallsInit = {}) {
    this.silence = silence;
    this.#max = options.max ?? 1000;
    this.#maxPerCaller = options.maxPerCaller ?? 64;
    this.#ttlMs = options.ttlMs ?? 300_000;
    this.#now = now;
    this.#onAnswered = onAnswered;
    this.#states = new RequestStates(options.key);
  }

  get size(): number {
    return this.#calls.size;
  }

  /** Takes a question of a server that asks by request. */
  readonly ask: Asker = (ask, exchange) => {
    const { method, client } = exchange.request;
    if (!ASKING.has(method)) return Promise.resolve(refused('There is no client request to carry the question'));
    if (ask.method === 'ping') return Promise.resolve({ result: EMPTY });
    // A missing capability is the whole call's affair; anything else that cannot be asked is this question's.
    if (missingToAsk(client.capabilities, ask) === undefined) {
      const refusal = refusalToAsk(client.capabilities, ask);
      if (refusal !== undefined) return Promise.resolve(refused(refusal));
    }
    if (this.#closed) exchange.parked?.abandon(CLOSING());
    exchange.parked ??= this.#park(exchange);
    return exchange.parked?.ask(ask) ?? Promise.resolve(refused('No more calls can wait for their clients'));
  };

  /**
   * Goes on with a call that asked its client something. Resolves when the request has its answer: `true`; `false` for
   * one that must be served like any other, because the state is not ours but an upstream's.
   *
   * @param text from {@link stateOf}
   * @throws ForgeError `invalid_params`
   */
  async resume(exchange: ClientExchange, text: string): Promise<boolean> {
    const state = await this.#states.unseal(text);
    if (state === undefined) return false;
    const actual = await digest(exchange.request);
    // All at once from here on, so that of several requests with one state the first one uses it up.
    const entry = state.node === this.#node ? this.#calls.get(state.call) : undefined;
    const isGood =
      entry?.call.state === text &&
      state.caller === exchange.request.client.caller.id &&
      state.endpoint === exchange.endpointKey &&
      state.digest === actual &&
      state.expires > this.#now();
    if (!isGood) throw new ForgeError('invalid_params', INVALID_STATE);
    await entry.call.resume(exchange);
    return true;
  }

  /** Ends those whose client has the word, and takes no more; a call that a request waits for may end by itself. */
  close(): void {
    this.#closed = true;
    for (const { call } of this.#calls.values()) if (call.state !== undefined) call.abandon(CLOSING());
  }

  #park(exchange: ClientExchange): ParkedCall | undefined {
    const { id: caller } = exchange.request.client.caller;
    const own = [...this.#calls.values()].filter((entry) => entry.caller === caller).length;
    if (this.#closed || this.#calls.size >= this.#max || own >= this.#maxPerCaller) {
      const message = 'Too many calls wait for answers of their clients';
      exchange.stop(new ForgeError('overloaded', message, { retryAfter: RETRY_AFTER }));
      return undefined;
    }
    this.#lastId += 1;
    const id = String(this.#lastId);
    const call = new ParkedCall(exchange, {
      seal: () => this.#seal(id, exchange),
      ttlMs: this.#ttlMs,
      onGone: () => void this.#calls.delete(id),
      onAnswered: this.#onAnswered,
    });
    this.#calls.set(id, { call, caller });
    return call;
  }

  async #seal(call: string, { request, endpointKey }: ClientExchange): Promise<string> {
    return this.#states.seal({
      call,
      node: this.#node,
      caller: request.client.caller.id,
      endpoint: endpointKey,
      digest: await digest(request),
      expires: this.#now() + this.#ttlMs,
    });
  }
}

/** The `requestState` of a request, if it may be one of ours. */
export function stateOf({ method, params }: ExchangeRequest): string | undefined {
  const state = ASKING.has(method) ? params?.member('requestState')?.value : undefined;
  return typeof state === 'string' && state.startsWith(STATE_PREFIX) ? state : undefined;
}

/** What is called, and with which credential. */
function digest({ method, target, params, client }: ExchangeRequest): Promise<string> {
  return digestOf([method, target, params?.member('arguments')?.text, client.upstreamAuthorization]);
}
