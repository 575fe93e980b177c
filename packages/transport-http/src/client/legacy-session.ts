/** @module One session with a legacy server over Streamable HTTP (2025-03-26 to 2025-11-25, Transports). */
import {
  type Answer,
  type Ask,
  cancelledParams,
  createInbox,
  deliverChange,
  type Exchange,
  type ExchangeRequest,
  ForgeError,
  formatError,
  formatNotification,
  formatResult,
  HEADER,
  type InitializeAnswer,
  initializeParams,
  JsonText,
  type LegacyAffinity,
  legacyParams,
  nextLogLevel,
  type OwnRequest,
  type PooledSession,
  readInitialize,
  type RequestMessage,
} from '@forge/protocol';
import { type HttpHop, isRefusal, isSessionGone, isOutOfPlace, post, postAway, postOwn } from './http-hop.ts';
import { openEventStream, resumeCall } from './legacy-stream.ts';
import { type CallHooks, type Ending, type Refusal, refusalError, RpcCall } from './rpc-call.ts';

/** Whose session it is, and with which credential. */
export interface LegacySessionInit {
  readonly affinity: LegacyAffinity;
  readonly authorization: string | undefined;
  /** The session's own stream found that the upstream cannot be reached. */
  readonly onLost?: ((error: Error) => void) | undefined;
  /** The session's own stream found that the upstream has forgotten the session. */
  readonly onGone?: (() => void) | undefined;
}

/** An initialized session. */
export interface LegacySession extends InitializeAnswer, PooledSession {
  /** Sends a client's request. A 404 means that the session is gone and the request was not carried out. */
  call(request: ExchangeRequest, exchange: Exchange): Promise<Ending>;
  /** Sends a request of Forge's own. */
  readonly request: (method: string, params: JsonText) => OwnRequest;
}

/** `initialize` was turned away by HTTP as by a server of another kind. */
export class InitializeRefused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(`initialize was answered with HTTP ${refusal.status}`);
    this.name = 'InitializeRefused';
    this.refusal = refusal;
  }
}

/** What a session id may be: visible ASCII. */
const SESSION_ID = /^[\x21-\x7e]{1,1024}$/;
/** Questions of one session, which clients may share, that may wait for an answer at one time. */
const MAX_QUESTIONS = 1024;
/** How long the end of a session is waited for. */
const GOODBYE_MS = 2000;

/**
 * Opens a session.
 *
 * @throws InitializeRefused when HTTP turned it away; ForgeError when it failed in another way.
 */
export async function openLegacySession(hop: HttpHop, init: LegacySessionInit): Promise<LegacySession> {
  const { affinity, authorization } = init;
  const headers: Record<string, string> = {};
  const source = { headers, authorization };
  const inbox = createInbox<RpcCall>({ events: hop.events, sessionId: affinity.sessionId, askCall });
  let questions = 0;
  let preparing = 0;
  let closed = false;
  let closeStream = (): void => {};
  let logLevel: string | undefined;

  const hooks: CallHooks = {
    deadlines: hop.deadlines,
    note(call, method, params) {
      if (!deliverChange(hop.events, method, params)) call.exchange.note(method, params);
    },
    question: (call, message) => void answerQuestion(message, (ask) => askOf(call, ask)),
    resume: (call, decoder, error) => resumeCall(hop, call, source, decoder, error),
    timedOut: (call) => sendCancelled(call, 'The time is up'),
  };

  function askOf(call: RpcCall, ask: Ask): Promise<Answer> {
    // What names no client, and what nobody in particular was asked, is answered as on the session's own stream.
    return ask.method === 'ping' || !inbox.calls.has(call.id) ? inbox.ask(ask) : askCall(call, ask);
  }

  async function askCall(call: RpcCall, ask: Ask): Promise<Answer> {
    call.asking += 1;
    hop.deadlines.pause(call);
    const answer = await call.exchange.ask(ask);
    call.asking -= 1;
    if (call.asking === 0 && !call.settled) hop.deadlines.start(call);
    return answer;
  }

  async function answerQuestion(
    { id, method, params }: RequestMessage,
    askWhom: (ask: Ask) => Promise<Answer>,
  ): Promise<void> {
    if (questions >= MAX_QUESTIONS) return send(formatError(id, { code: -32010, message: 'Too many questions wait' }));
    questions += 1;
    const answer = await askWhom({ method, params });
    questions -= 1;
    await send(answer.error === undefined ? formatResult(id, answer.result) : formatError(id, answer.error));
  }

  function send(body: string): Promise<void> {
    return closed ? Promise.resolve() : postAway(hop, body, headers, authorization);
  }

  function sendCancelled(call: RpcCall, reason: string): void {
    void send(formatNotification('notifications/cancelled', cancelledParams(call.id, reason)));
  }

  async function initialize(): Promise<InitializeAnswer> {
    const request = { method: 'initialize', params: initializeParams(affinity.capabilities, hop.clientInfo) };
    const call = await new Promise<{ ending: Ending; headers: RpcCall['headers'] }>((resolve) => {
      const sent = new RpcCall({
        id: hop.nextId(),
        hooks: { ...hooks, timedOut() {} }, // `initialize` must not be cancelled
        settle: (ending) => resolve({ ending, headers: sent.headers }),
      });
      post(hop, sent, { ...request, headers, authorization });
    });
    const introduced = readInitialize(answerIn(call.ending));
    const sessionId = call.headers[HEADER.sessionId];
    if (sessionId !== undefined) {
      if (typeof sessionId !== 'string' || !SESSION_ID.test(sessionId)) {
        throw new ForgeError('upstream_error', 'The upstream issued a session id that is not visible ASCII');
      }
      headers[HEADER.sessionId] = sessionId;
    }
    headers[HEADER.protocolVersion] = introduced.protocolVersion;
    await send(formatNotification('notifications/initialized'));
    return introduced;
  }

  /** Nothing is left to be ended at the upstream. */
  function discard(): void {
    closed = true;
    closeStream();
  }

  const introduced = await initialize();
  const logs = introduced.description.capabilities.member('logging') !== undefined;
  const stream = openEventStream(hop, {
    ...source,
    receive(message) {
      if (message.kind === 'request') void answerQuestion(message, (ask) => inbox.ask(ask));
      else if (message.kind === 'notification') received(message.method, message.params);
    },
    gone() {
      discard();
      init.onGone?.();
    },
    lost(error) {
      discard();
      init.onLost?.(error);
    },
  });
  closeStream = stream.close;
  // What a server says about a call on this stream before the stream is there is lost.
  await stream.answered;

  function received(method: string, params: JsonText | undefined): void {
    const token = method === 'notifications/progress' ? Number(params?.member('progressToken')?.text) : Number.NaN;
    const call = inbox.calls.get(token);
    if (call !== undefined) call.note(method, params);
    else inbox.note(method, params);
  }

  function request(method: string, params: JsonText): OwnRequest {
    return postOwn(hop, hooks, { method, params, headers, authorization });
  }

  async function setLogLevel(level: string): Promise<void> {
    logLevel = level;
    await request('logging/setLevel', JsonText.of({ level })).answer.catch(() => undefined); // a call matters more
  }

  async function callAt(level: string, clientRequest: ExchangeRequest, exchange: Exchange): Promise<Ending> {
    preparing += 1;
    await setLogLevel(level);
    preparing -= 1;
    return sendCall(clientRequest, exchange);
  }

  function sendCall(clientRequest: ExchangeRequest, exchange: Exchange): Promise<Ending> {
    if (exchange.cancelled) return Promise.resolve(new ForgeError('cancelled'));
    const { method, client } = clientRequest;
    const id = hop.nextId();
    const params = legacyParams(clientRequest, clientRequest.progressToken === undefined ? undefined : String(id));
    return new Promise((resolve) => {
      const settle = (ending: Ending): void => {
        if (ending instanceof ForgeError) inbox.abandon(id);
        else inbox.end(id);
        if (isSessionGone(ending) && headers[HEADER.sessionId] !== undefined) discard();
        resolve(ending);
      };
      const call = new RpcCall({ id, hooks, exchange, callerId: client.caller.id, settle });
      inbox.begin(call);
      post(hop, call, { method, params, headers, authorization });
      exchange.onCancel((reason = 'The client cancelled the request') => {
        if (call.settled) return;
        sendCancelled(call, reason);
        call.withdraw(new ForgeError('cancelled', reason));
      });
    });
  }

  return {
    ...introduced,
    get idle() {
      return inbox.calls.size === 0 && preparing === 0;
    },
    get closed() {
      return closed;
    },
    request,
    call(clientRequest, exchange) {
      const level = logs ? nextLogLevel(logLevel, clientRequest.client) : undefined;
      return level === undefined ? sendCall(clientRequest, exchange) : callAt(level, clientRequest, exchange);
    },
    async close() {
      if (closed) return;
      const gone = headers[HEADER.sessionId] === undefined ? undefined : goodbye(hop, source);
      discard();
      for (const call of inbox.calls) call.withdraw(new ForgeError('cancelled'));
      await gone;
    },
  };
}

/** @throws InitializeRefused, ForgeError */
function answerIn(ending: Ending): Answer {
  if (ending instanceof ForgeError) throw ending;
  if (!isRefusal(ending)) return ending.answer;
  if (isOutOfPlace(ending)) throw new InitializeRefused(ending);
  const error = refusalError(ending);
  if (error instanceof ForgeError) throw error;
  return error;
}

/** Ends a session at the upstream, which may not know how (405). */
function goodbye(hop: HttpHop, source: { headers: Record<string, string>; authorization: string | undefined }) {
  return new Promise<void>((resolve) => {
    const done = (): void => resolve();
    hop.wire.send(
      { ...source, method: 'DELETE', timeoutMs: GOODBYE_MS },
      { body: done, event() {}, end: done, fail: done },
    );
  });
}
