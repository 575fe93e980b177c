/** @module What both eras share on HTTP: how requests of one upstream are numbered, sent, timed and turned into outcomes. */
import {
  type Answer,
  type Deadlines,
  errorOutcome,
  type Era,
  type Exchange,
  type ExchangeRequest,
  ForgeError,
  formatRequest,
  hopOutcome,
  type JsonText,
  type Outcome,
  type OwnRequest,
  type UpstreamEvents,
  type UpstreamInfo,
  type Watch,
} from '@forge/protocol';
import { type CallHooks, type Ending, type Refusal, refusalError, RpcCall } from './rpc-call.ts';
import type { Wire } from './wire.ts';

/** One upstream over HTTP. */
export interface HttpHop {
  readonly wire: Wire;
  readonly events: UpstreamEvents;
  /** Forge's own `Implementation`. */
  readonly clientInfo: JsonText;
  readonly deadlines: Deadlines<RpcCall>;
  readonly maxInFlight: number;
  /** Ids are also progress tokens. */
  nextId(): number;
}

/** How an upstream is spoken to, once its era is known. */
export interface HttpAdapter {
  readonly info: UpstreamInfo;
  readonly watch: Watch;
  /** @throws ForgeError */
  call(request: ExchangeRequest, exchange: Exchange): Promise<Outcome | Doubt>;
  sessionEnded(sessionId: string): void;
  /** Another adapter takes its place: it listens no more, and ends as the calls on it do. */
  retire(): void;
  close(): Promise<void>;
}

/** What a request is, besides who waits for it. */
export interface RpcRequest {
  readonly method: string;
  readonly params: JsonText | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  /** It is answered when it is over: no deadline, and a connection of its own. */
  readonly lasting?: boolean;
}

const ACCEPT = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** How long a notification or an answer may take to be accepted. */
const AWAY_MS = 30_000;

/** Sends one request by POST. */
export function post(hop: HttpHop, call: RpcCall, request: RpcRequest): void {
  const { authorization, lasting = false } = request;
  if (!lasting) hop.deadlines.start(call);
  const headers = { ...ACCEPT, ...request.headers };
  const body = formatRequest(String(call.id), request.method, request.params);
  call.reply = hop.wire.send({ method: 'POST', headers, body, authorization, lasting }, call);
}

/** Sends a request of Forge's own. */
export function postOwn(hop: HttpHop, hooks: CallHooks, request: RpcRequest): OwnRequest {
  let call: RpcCall | undefined;
  const answer = new Promise<Answer>((resolve, reject) => {
    const settle = (ending: Ending): void => {
      const got = ending instanceof ForgeError ? ending : (ending.answer ?? refusalError(ending));
      if (got instanceof ForgeError) reject(got);
      else resolve(got);
    };
    call = new RpcCall({ id: hop.nextId(), hooks, settle });
    post(hop, call, request);
  });
  const own: OwnRequest = { answer, cancel: () => call?.withdraw(new ForgeError('cancelled')) };
  if (call !== undefined) call.own = own;
  return own;
}

/** Sends a notification or an answer. Whether it arrived shows in what the upstream does next. */
export function postAway(
  hop: HttpHop,
  body: string,
  headers: Readonly<Record<string, string>>,
  authorization: string | undefined,
): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => resolve();
    hop.wire.send(
      { method: 'POST', headers: { ...ACCEPT, ...headers }, body, authorization, timeoutMs: AWAY_MS },
      { body: done, event() {}, end: done, fail: done },
    );
  });
}

/** Turns an ending into what the client gets. */
export function outcomeOf(era: Era, ending: Ending): Outcome | Doubt {
  if (ending instanceof ForgeError) {
    const outcome = errorOutcome(ending);
    return ending.code === 'upstream_unreachable' ? new Doubt(outcome, 'unreachable') : outcome;
  }
  const answer = ending.answer ?? refusalError(ending);
  const outcome = answer instanceof ForgeError ? errorOutcome(answer) : hopOutcome(era, answer);
  // A modern server has errors of its own with these statuses; a legacy one has none that it answers a request with.
  const isDoubtful = isOutOfPlace(ending) && (era === 'legacy' || isRefusal(ending));
  return isDoubtful ? new Doubt(outcome, 'refused') : outcome;
}

/** An outcome that casts doubt on what was found out about the upstream. */
export class Doubt {
  readonly outcome: Outcome;
  /** `refused`: not carried out, as by a server of the other era. `unreachable`: there was no connection. */
  readonly why: 'refused' | 'unreachable';

  constructor(outcome: Outcome, why: Doubt['why']) {
    this.outcome = outcome;
    this.why = why;
  }
}

const CHANGED: readonly number[] = [400, 404, 405];

/** Whether HTTP says that the request was not carried out, and may have met a server of another kind. */
export function isOutOfPlace(ending: Ending): boolean {
  return !(ending instanceof ForgeError) && CHANGED.includes(ending.status);
}

/** Whether HTTP turned a request away. */
export function isRefusal(ending: Ending): ending is Refusal {
  return !(ending instanceof ForgeError) && ending.answer === undefined;
}

/**
 * Whether a legacy server has forgotten the session (2025-11-25, Transports, Session Management), so that the request was
 * not carried out. Some echo the request's id even then; some say 404 for a method that they do not know.
 */
export function isSessionGone(ending: Ending): boolean {
  return !(ending instanceof ForgeError) && ending.status === 404 && ending.answer?.error?.code !== METHOD_NOT_FOUND;
}

const METHOD_NOT_FOUND = -32601;
