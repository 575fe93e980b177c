/**
 * @module Requests and answers multiplexed over one duplex channel to an upstream, of either era: ids and progress tokens
 * are ours, and what arrives for one call reaches no other.
 */
import { ERRORS, type ErrorCode, ForgeError } from './errors.ts';
import type { Answer, Ask, Exchange, ExchangeRequest, Outcome } from './exchange.ts';
import { JsonText, parseJson } from './json-text.ts';
import {
  formatError,
  formatNotification,
  formatRequest,
  formatResult,
  type Message,
  readUpstreamBody,
  type RequestMessage,
  type ResponseMessage,
} from './message.ts';
import { errorOutcome } from './outcome.ts';
import { createDeadlines, type Timed } from './rpc-link-deadlines.ts';
import { createInbox, type InboxCall } from './rpc-link-inbox.ts';
import type { Channel, UpstreamEvents } from './upstream.ts';
import { type Era, META } from './versions.ts';

/** Options of {@link createRpcLink}. */
export interface RpcLinkOptions {
  readonly events: UpstreamEvents;
  /** The client's session that this link is paired with. */
  readonly sessionId?: string | undefined;
  /** How long a call may take, in ms; progress gives it the whole time again. */
  readonly requestTimeoutMs: number;
  /** Calls in flight at most. */
  readonly maxInFlight: number;
  /** Whether callers are told how the channel ended, and not operators alone. */
  readonly tellCallers?: boolean | undefined;
  /** The channel ended by itself; everything in flight has failed already. */
  onLost(error: Error): void;
}

/** A request of Forge's own. */
export interface OwnRequest {
  /** @throws ForgeError when no answer came: `upstream_unreachable`, `upstream_timeout`, `cancelled`, `upstream_error`. */
  readonly answer: Promise<Answer>;
  /** Tells the upstream that the answer is not awaited any more. */
  cancel(): void;
  /** Called when the upstream confirmed a subscription that it was asked for. */
  acknowledged?: (() => void) | undefined;
}

/** One channel in use. */
export interface RpcLink {
  readonly closed: boolean;
  /** Whether no call is in flight. */
  readonly idle: boolean;
  /** Whether a question of the upstream waits for its client. */
  readonly asking: boolean;
  /** Sends a request of Forge's own; without a deadline where it `lasts`. */
  request(method: string, params?: JsonText, lasts?: boolean): OwnRequest;
  notify(method: string, params?: JsonText): void;
  /** Sends a client's request, with the params that `shape` makes of it. Never rejects. */
  call(era: Era, request: ExchangeRequest, exchange: Exchange, shape: ParamsShape): Promise<Outcome>;
  /** Calls in flight end with `cancelled`. */
  close(): Promise<void>;
}

/** Makes `params` for the wire; the progress token is given when the client wants progress. */
export type ParamsShape = (request: ExchangeRequest, progressToken: string | undefined) => JsonText | undefined;

interface Waiting extends Timed {
  readonly id: number;
  own?: OwnRequest;
  settle(answer: Answer | ForgeError): void;
}

interface LinkCall extends Waiting, InboxCall {}

/** Questions of an upstream that may wait for an answer at one time. */
const MAX_QUESTIONS = 64;

/** Takes the channel into use; synchronously after it was opened. */
export function createRpcLink(channel: Channel, options: RpcLinkOptions): RpcLink {
  const own = new Map<number, Waiting>();
  const deadlines = createDeadlines<Waiting>(options.requestTimeoutMs, (waiting) =>
    withdraw(waiting, new ForgeError('upstream_timeout')),
  );
  const inbox = createInbox<LinkCall>({ ...pick(options), askCall });
  let lastId = 0;
  let questions = 0;
  let ended: ErrorCode | undefined;

  channel.onMessage = (text) => {
    for (const message of readAll(text)) receive(message);
  };
  channel.onClose = (error) => {
    endAll('outcome_unknown', error);
    options.onLost(error);
  };

  function readAll(text: string): Message[] {
    try {
      const message = readUpstreamBody(text);
      return Array.isArray(message) ? message : [message];
    } catch (error) {
      take(garbledId(text))?.settle(new ForgeError('upstream_error', undefined, { cause: error }));
      return []; // what is no message and answers no call is nobody's
    }
  }

  function receive(message: Message): void {
    if (message.kind === 'response') answered(message);
    else if (message.kind === 'request') void answerQuestion(message);
    else if (message.method === 'notifications/progress') progressed(message.params);
    else if (message.method === 'notifications/cancelled') {
      own.get(idOf(message.params, 'requestId'))?.settle(new ForgeError('cancelled'));
    } else if (message.method === 'notifications/subscriptions/acknowledged') {
      own.get(idOf(message.params?.member('_meta'), META.subscriptionId))?.own?.acknowledged?.();
    } else inbox.note(message.method, message.params);
  }

  function answered({ id, result, error }: ResponseMessage): void {
    const waiting = take(Number(id));
    if (waiting === undefined) return;
    if (error !== undefined) waiting.settle({ error });
    else if (result?.isObject === true) waiting.settle({ result });
    else waiting.settle(new ForgeError('upstream_error', 'The upstream answered with a result that is no object'));
  }

  /** Whoever waits for this id waits no more. */
  function take(id: number): Waiting | undefined {
    const waiting = inbox.end(id) ?? own.get(id);
    own.delete(id);
    if (waiting !== undefined) deadlines.stop(waiting);
    return waiting;
  }

  function progressed(params: JsonText | undefined): void {
    const call = inbox.calls.get(idOf(params, 'progressToken'));
    if (call === undefined) return;
    if (call.deadline !== Infinity) deadlines.start(call);
    call.exchange.note('notifications/progress', params);
  }

  async function answerQuestion({ id, method, params }: RequestMessage): Promise<void> {
    const answer = questions < MAX_QUESTIONS ? await ask({ method, params }) : TOO_MANY;
    channel.send(answer.error === undefined ? formatResult(id, answer.result) : formatError(id, answer.error));
  }

  async function ask(question: Ask): Promise<Answer> {
    questions += 1;
    try {
      return await inbox.ask(question);
    } finally {
      questions -= 1;
    }
  }

  async function askCall(call: LinkCall, question: Ask): Promise<Answer> {
    call.asking += 1;
    deadlines.pause(call);
    const answer = await call.exchange.ask(question);
    call.asking -= 1;
    if (call.asking === 0 && inbox.calls.get(call.id) === call) deadlines.start(call);
    return answer;
  }

  /** Ends the wait before an answer came. */
  function withdraw(waiting: Waiting, error: ForgeError): void {
    if (inbox.abandon(waiting.id) === undefined && !own.delete(waiting.id)) return;
    deadlines.stop(waiting);
    channel.send(formatNotification('notifications/cancelled', cancelledParams(waiting.id, error.message)));
    waiting.settle(error);
  }

  function endAll(code: ErrorCode, cause?: Error): void {
    if (ended !== undefined) return;
    ended = code === 'cancelled' ? code : 'upstream_unreachable';
    const told =
      options.tellCallers === true && cause !== undefined ? `${ERRORS[code].title}. ${cause.message}` : undefined;
    for (const { id } of inbox.calls) take(id)?.settle(new ForgeError(code, told, { cause }));
    for (const id of own.keys()) take(id)?.settle(new ForgeError(ended, cause?.message, { cause }));
  }

  return {
    get closed() {
      return ended !== undefined;
    },
    get idle() {
      return inbox.calls.size === 0;
    },
    get asking() {
      return questions > 0;
    },
    request(method, params, lasts = false) {
      const id = ++lastId;
      let waiting: Waiting | undefined;
      const answer = new Promise<Answer>((resolve, reject) => {
        if (ended !== undefined) return reject(new ForgeError(ended));
        const settle = (got: Answer | ForgeError): void => (got instanceof ForgeError ? reject(got) : resolve(got));
        waiting = { id, deadline: 0, slot: -1, settle };
        own.set(id, waiting);
        if (!lasts) deadlines.start(waiting);
        channel.send(formatRequest(String(id), method, params));
      });
      const request: OwnRequest = {
        answer,
        cancel: () => waiting && withdraw(waiting, new ForgeError('cancelled')),
      };
      if (waiting !== undefined) waiting.own = request;
      return request;
    },
    notify(method, params) {
      channel.send(formatNotification(method, params));
    },
    call(era, request, exchange, shape) {
      if (ended !== undefined) return Promise.resolve(errorOutcome(new ForgeError(ended)));
      if (inbox.calls.size >= options.maxInFlight) return Promise.resolve(errorOutcome(new ForgeError('overloaded')));
      if (exchange.cancelled) return Promise.resolve(errorOutcome(new ForgeError('cancelled')));
      const id = ++lastId;
      const params = shape(request, request.progressToken === undefined ? undefined : String(id));
      return new Promise((resolve) => {
        const call: LinkCall = {
          id,
          exchange,
          callerId: request.client.caller.id,
          asking: 0,
          deadline: 0,
          slot: -1,
          settle: (got) => resolve(got instanceof ForgeError ? errorOutcome(got) : hopOutcome(era, got)),
        };
        inbox.begin(call);
        deadlines.start(call);
        channel.send(formatRequest(String(id), request.method, params));
        exchange.onCancel((reason) => withdraw(call, new ForgeError('cancelled', reason)));
      });
    },
    close() {
      endAll('cancelled');
      return channel.close();
    },
  };
}

/** `params` of `notifications/cancelled`. */
export function cancelledParams(id: number, reason: string): JsonText {
  return JsonText.of({ requestId: id, reason });
}

/**
 * An upstream's answer as the outcome of a call. Errors about our own hop (-32020 HeaderMismatch, -32022
 * UnsupportedProtocolVersion) mean nothing to the client: they become -32603. A modern result without a type is a
 * complete one, and says so from here on.
 */
export function hopOutcome(era: Era, answer: Answer): Outcome {
  if (answer.error === undefined) {
    const { result } = answer;
    const lacksType = era === 'modern' && !result.text.includes('"resultType"');
    return { era, result: lacksType ? result.with({ resultType: '"complete"' }) : result };
  }
  const { code } = answer.error;
  if (code !== ERRORS.header_mismatch.jsonRpcCode && code !== ERRORS.unsupported_version.jsonRpcCode) {
    return { era, error: answer.error };
  }
  return errorOutcome(new ForgeError('upstream_error', `The upstream refused what Forge sent (${code})`));
}

const TOO_MANY: Answer = { error: { code: -32010, message: 'Too many questions wait for an answer' } };

function pick({ events, sessionId }: RpcLinkOptions): Pick<RpcLinkOptions, 'events' | 'sessionId'> {
  return { events, sessionId };
}

/** An id of ours that a peer names, as a number; `NaN` where it does not. */
function idOf(params: JsonText | undefined, member: string): number {
  return Number(params?.member(member)?.text);
}

/** The call that an unreadable message answers, where that can be made out. */
function garbledId(text: string): number {
  try {
    return Number((parseJson(text) as { id?: unknown } | null)?.id);
  } catch {
    return Number.NaN; // not even JSON
  }
}
