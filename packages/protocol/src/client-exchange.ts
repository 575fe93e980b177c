/** @module The client's side of one request in flight, in either era: what the client hears of it, and how it ends. */
import { LOG_LEVELS } from './classify.ts';
import { ForgeError } from './errors.ts';
import type { Answer, Ask, Exchange, ExchangeRequest, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { formatError, formatNotification, formatResult } from './message.ts';
import { toRpcError } from './outcome.ts';
import type { ParkedCall } from './parked-call.ts';
import { type Events, type Reply, replyError } from './reply.ts';
import type { Deadlines, Timed } from './rpc-link-deadlines.ts';
import type { Era } from './versions.ts';

const EMPTY = new JsonText('{}');

/** Notifications that are about something else than a request, by the rules of the client's era. */
const FOREIGN = {
  // Our client's request ids are not the upstream's, so nothing that it cancels is known here.
  legacy: new Set(['notifications/cancelled']),
  // What changes is told by `subscriptions/listen` alone (2026-07-28, Streamable HTTP, Receiving Messages).
  modern: new Set([
    'notifications/cancelled',
    'notifications/elicitation/complete',
    'notifications/prompts/list_changed',
    'notifications/resources/list_changed',
    'notifications/resources/updated',
    'notifications/tools/list_changed',
  ]),
} as const satisfies Record<Era, ReadonlySet<string>>;

/** How an exchange carries a question to its client. */
export type Asker = (ask: Ask, exchange: ClientExchange) => Promise<Answer>;

/** What an edge does for its exchanges. */
export interface ExchangeHost {
  readonly ask: Asker;
  /** Opens a stream that outlives the reply, where there can be one. */
  streamFor?(exchange: ClientExchange): Events | undefined;
  /** Watches for requests to whose clients nothing has been sent. */
  readonly silence?: Deadlines<ClientExchange> | undefined;
}

/** One request in flight. It answers at most once; an answer that comes after `cancel` is dropped. */
export class ClientExchange implements Exchange, Timed {
  /** Raw JSON of the client's request id. */
  readonly id: string;
  readonly request: ExchangeRequest;
  readonly reply: Reply;
  cancelled = false;
  /** Whether the client takes messages ahead of the answer. */
  takesEvents: boolean;
  /** When the edge gives up on a client who has gone. */
  givingUp: ReturnType<typeof setTimeout> | undefined;
  deadline = 0;
  slot = -1;
  /** Where the request came in: see `Endpoint.key`. */
  endpointKey = '';
  /** What the call has become since it asked something of a modern client: it may outlive this request. */
  parked: ParkedCall | undefined;
  readonly #host: ExchangeHost;
  #onCancel: ((reason: string | undefined) => void) | undefined;
  #reason: string | undefined;
  #events: Events | undefined;
  #ended = false;

  constructor(id: string, request: ExchangeRequest, reply: Reply, takesEvents: boolean, host: ExchangeHost) {
    this.id = id;
    this.request = request;
    this.reply = reply;
    this.takesEvents = takesEvents;
    this.#host = host;
    if (takesEvents) host.silence?.start(this);
  }

  /** What carries the messages ahead of the answer, and then the answer; none while it may yet be plain JSON. */
  get events(): Events | undefined {
    return this.#events;
  }

  note(method: string, params: JsonText | undefined): void {
    const { client, progressToken } = this.request;
    if (this.#ended) return this.parked?.note(method, params);
    if (this.cancelled || !this.takesEvents || FOREIGN[client.era].has(method)) return;
    try {
      if (method === 'notifications/progress') {
        if (progressToken === undefined) return;
        this.send(formatNotification(method, (params ?? EMPTY).with({ progressToken })));
      } else if (method !== 'notifications/message' || isLogged(params, client.logLevel ?? defaultLevel(client.era))) {
        this.send(formatNotification(method, params));
      }
    } catch {
      // Long text from an upstream is scanned when it is read first, and this is no JSON after all: there is no note.
    }
  }

  ask(ask: Ask): Promise<Answer> {
    const isOver = this.#ended && this.parked === undefined;
    if (isOver || this.cancelled) return Promise.resolve(refused('The request has ended'));
    try {
      return this.#host.ask(ask, this);
    } catch (thrown) {
      return Promise.resolve(refused(ForgeError.from(thrown).publicMessage)); // see `note`
    }
  }

  onCancel(listener: (reason: string | undefined) => void): void {
    if (this.cancelled) listener(this.#reason);
    else this.#onCancel = listener;
  }

  /** One message ahead of the answer. */
  send(message: string): void {
    if (!this.#ended) this.openStream().event(message);
  }

  /** Makes the answer an event stream, if it is none yet. */
  openStream(): Events {
    if (this.#events !== undefined) return this.#events;
    this.#host.silence?.stop(this);
    this.#events = this.#host.streamFor?.(this);
    if (this.#events !== undefined) return this.#events;
    this.reply.open();
    return (this.#events = this.reply);
  }

  /** The client wants no answer to this request. */
  cancel(reason: string | undefined): void {
    if (!this.#ended) this.cancelCall(reason);
  }

  /** Tells whoever serves the call that nobody wants its outcome, even where this request itself has been answered. */
  cancelCall(reason: string | undefined): void {
    if (this.cancelled) return;
    this.cancelled = true;
    this.#reason = reason;
    this.#onCancel?.(reason);
  }

  /** The answer. */
  finish(status: number, outcome: Outcome): void {
    if (!this.#end() || this.cancelled) return;
    const encoded = outcome.result?.encoded;
    if (encoded !== undefined && this.#events === undefined && this.reply.jsonParts !== undefined) {
      return this.reply.jsonParts(status, [`{"jsonrpc":"2.0","id":${this.id},"result":`, encoded, '}']);
    }
    const message = formatOutcome(this.id, outcome);
    if (this.#events === undefined) return this.reply.json(status, message);
    this.#events.event(message);
    this.#events.end();
  }

  /** An error of ours instead of the answer. */
  fail(thrown: unknown): void {
    if (this.#end() && !this.cancelled) this.#writeError(thrown);
  }

  /** Cancels the request for a reason of ours, which is its answer. */
  stop(error: ForgeError): void {
    if (this.cancelled) return;
    this.cancel(error.message);
    if (this.#end()) this.#writeError(error);
  }

  /** Ends the reply of a cancelled request, which gets no answer (2025-11-25, Cancellation, Behavior Requirements). */
  abandon(): void {
    if (!this.#end()) return;
    if (this.#events === undefined) this.reply.empty(202);
    else this.#events.end();
  }

  #writeError(thrown: unknown): void {
    if (this.#events === undefined) return replyError(this.reply, this.id, thrown);
    this.#events.event(formatError(this.id, toRpcError(thrown)));
    this.#events.end();
  }

  /** Whether this was the first end. */
  #end(): boolean {
    const first = !this.#ended;
    this.#ended = true;
    this.#host.silence?.stop(this);
    if (this.parked === undefined) this.#onCancel = undefined;
    return first;
  }
}

/** An outcome on the wire. */
export function formatOutcome(id: string, outcome: Outcome): string {
  return outcome.error === undefined ? formatResult(id, outcome.result) : formatError(id, outcome.error);
}

/** Whether a `notifications/message` is at least as severe as `level`; `undefined` wants none. */
export function isLogged(params: JsonText | undefined, level: string | undefined): boolean {
  if (level === undefined) return false;
  const severity = LOG_LEVELS.indexOf(params?.member('level')?.value as string);
  // A severity that we do not know is the client's to judge.
  return severity < 0 || severity >= LOG_LEVELS.indexOf(level);
}

/** The answer to a question that is not put. */
export function refused(message: string): Answer {
  return { error: { code: -32600, message } };
}

function defaultLevel(era: Era): string | undefined {
  return era === 'legacy' ? 'debug' : undefined;
}
