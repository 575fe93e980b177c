/** @module One JSON-RPC request over HTTP: its POST, the answer in whichever form it comes, and when to stop waiting. */
import {
  type Answer,
  type Deadlines,
  type Exchange,
  ForgeError,
  type InboxCall,
  type JsonText,
  type Message,
  NOBODY,
  type OwnRequest,
  readUpstreamBody,
  type RequestMessage,
  type RpcError,
  type SseDecoder,
  type SseEvent,
  type Timed,
} from '@forge/protocol';
import type { Sent } from './credentials.ts';
import type { ReplyHeaders, ReplyListener } from './wire-reply.ts';

/** The request was turned away by HTTP; it was not carried out. */
export interface Refusal {
  readonly status: number;
  /** What a JSON-RPC body without an id said about it. */
  readonly error?: RpcError | undefined;
  readonly answer?: undefined;
}

/** How a request ended: with an answer to it, turned away, or not at all. */
export type Ending = { readonly status: number; readonly answer: Answer } | Refusal | ForgeError;

/** What the calls of one session, or of one upstream, have in common. */
export interface CallHooks {
  readonly deadlines: Deadlines<RpcCall>;
  /** A notification on the call's own stream. */
  note(call: RpcCall, method: string, params: JsonText | undefined): void;
  /** A question on the call's own stream. */
  question(call: RpcCall, message: RequestMessage): void;
  /** The stream ended before the answer, in good order or not. Whether it will be gone on with. */
  resume(call: RpcCall, decoder: SseDecoder, error: ForgeError | undefined): boolean;
  /** Tells the upstream that nobody waits any more, after the deadline. */
  timedOut(call: RpcCall): void;
}

/** What a request is sent for. */
export interface CallInit {
  readonly id: number;
  readonly hooks: CallHooks;
  /** The client's side; Forge's own requests have none. */
  readonly exchange?: Exchange | undefined;
  readonly callerId?: string | undefined;
  /** Called once. */
  readonly settle: (ending: Ending) => void;
}

/** How a call's stream can be gone on with. */
export interface Resumption {
  readonly lastEventId: string;
  /** How long the server wants to be left alone first, if it said so. */
  readonly retryMs: number | undefined;
  /** Attempts in a row that yielded nothing. */
  readonly failures: number;
}

/** A request that waits for its answer. */
export class RpcCall implements ReplyListener, Timed, InboxCall {
  deadline = 0;
  slot = -1;
  asking = 0;
  /** What is being read for it. */
  reply: Sent | undefined;
  /** Headers of the answer. */
  headers: ReplyHeaders = {};
  /** For a request of Forge's own. */
  own: OwnRequest | undefined;
  /** Set once its stream was lost and could be gone on with. */
  resumption: Resumption | undefined;
  readonly id: number;
  readonly exchange: Exchange;
  readonly callerId: string;
  readonly #hooks: CallHooks;
  readonly #settle: CallInit['settle'];
  #settled = false;

  constructor({ id, hooks, exchange, callerId, settle }: CallInit) {
    this.id = id;
    this.exchange = exchange ?? NOBODY;
    this.callerId = callerId ?? '';
    this.#hooks = hooks;
    this.#settle = settle;
  }

  get settled(): boolean {
    return this.#settled;
  }

  /** Ends the wait, and the reading. */
  settle(ending: Ending): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#hooks.deadlines.stop(this);
    this.#settle(ending);
  }

  /** Ends the wait before an answer came. */
  withdraw(error: ForgeError): void {
    this.reply?.stop();
    this.settle(error);
  }

  /** The deadline has passed. */
  expire(): void {
    if (!this.#settled) this.#hooks.timedOut(this);
    this.withdraw(new ForgeError('upstream_timeout'));
  }

  open(headers: ReplyHeaders): void {
    this.headers = headers;
  }

  /** Delivers a notification; progress gives the call the whole time again. */
  note(method: string, params: JsonText | undefined): void {
    if (method === 'notifications/progress' && this.deadline !== Infinity) this.#hooks.deadlines.start(this);
    this.#hooks.note(this, method, params);
  }

  /** What came of it cannot be found out any more. */
  lose(): void {
    this.settle(new ForgeError('outcome_unknown'));
  }

  body(status: number, text: string, headers: ReplyHeaders): void {
    this.headers = headers;
    this.settle(readEnding(this.id, status, text));
  }

  event({ data }: SseEvent): void {
    if (data === '') return; // only carries an id, to resume from
    try {
      const read = readUpstreamBody(data);
      for (const message of Array.isArray(read) ? read : [read]) this.#receive(message);
    } catch (error) {
      this.withdraw(unreadable(error));
    }
  }

  end(decoder: SseDecoder, error: ForgeError | undefined): void {
    if (this.#settled) this.#hooks.deadlines.stop(this);
    else if (!this.#hooks.resume(this, decoder, error)) this.settle(error ?? new ForgeError('outcome_unknown'));
  }

  fail(error: ForgeError): void {
    this.settle(error);
  }

  #receive(message: Message): void {
    if (this.#settled) return;
    if (message.kind === 'request') this.#hooks.question(this, message);
    else if (message.kind === 'notification') this.note(message.method, message.params);
    else if (message.id === undefined || Number(message.id) === this.id) {
      this.settle(answerOf(message, 200));
      this.#hooks.deadlines.start(this); // the stream should end now, and its connection serve the next call
    }
  }
}

/** Reads a whole body. 401 and 403 speak of Forge's credential, not of the client's: their bodies are not passed on. */
function readEnding(id: number, status: number, text: string): Ending {
  if (status === 401 || status === 403) return { status };
  const isOk = status >= 200 && status < 300;
  try {
    const read = readUpstreamBody(text);
    const messages = Array.isArray(read) ? read : [read];
    const answer = messages.find((message) => message.kind === 'response' && Number(message.id) === id);
    if (answer !== undefined) return answerOf(answer, status);
    const [first] = messages;
    if (first?.kind === 'response' && first.id === undefined) return { status, error: first.error };
  } catch (error) {
    if (isOk) return unreadable(error);
  }
  return isOk ? unreadable(undefined) : { status };
}

function answerOf(message: Message, status: number): Ending {
  if (message.kind !== 'response') return unreadable(undefined);
  if (message.error !== undefined) return { status, answer: { error: message.error } };
  return message.result?.isObject === true ? { status, answer: { result: message.result } } : unreadable(undefined);
}

function unreadable(cause: unknown): ForgeError {
  return new ForgeError('upstream_error', "The upstream's answer is no JSON-RPC answer to the request", { cause });
}

/** What a caller may read of a request that was turned away. */
export function refusalError({ status, error }: Refusal): Answer | ForgeError {
  if (error !== undefined) return { error };
  if (status === 401 || status === 403) {
    return new ForgeError('upstream_error', `The upstream did not accept the credential it was sent (HTTP ${status})`);
  }
  return new ForgeError('upstream_error', `The upstream answered with HTTP ${status}`, {
    data: { httpStatus: status },
  });
}
