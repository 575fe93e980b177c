/** @module What is called: one upstream, whatever its transport and era. Transports and adapters implement it. */
import type { Answer, Ask, Exchange, ExchangeRequest, Outcome } from './exchange.ts';
import type { ServerDescription } from './endpoint.ts';
import type { JsonText } from './json-text.ts';
import type { Era } from './versions.ts';

/** What was found when an upstream was connected. */
export interface UpstreamInfo {
  readonly era: Era;
  readonly protocolVersion: string;
  readonly description: ServerDescription;
  /** `streamable-http`, `sse`, `stdio`, ...: the transport that worked. */
  readonly transport: string;
  /** Why this era: one sentence for operators. */
  readonly reason: string;
}

/** Tokens that a model counted for one call. */
export interface TokenUsage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** What an upstream reports outside of calls. */
export interface UpstreamEvents {
  /** Its list of tools, prompts or resources (templates included) changed. */
  listChanged(kind: 'tools' | 'prompts' | 'resources'): void;
  /** A watched resource changed: params of `notifications/resources/updated`. */
  resourceUpdated(uri: string, params: JsonText): void;
  /** A watched task has changed: params of `notifications/tasks` (SEP-2663). Absent: nobody watches tasks. */
  taskChanged?(taskId: string, params: JsonText): void;
  /** A call has used this, whatever came of it. Absent: nobody counts. */
  used?(usage: TokenUsage): void;
  /** A notification on a session that is paired with our client's `sessionId`. */
  sessionNote(sessionId: string, method: string, params: JsonText | undefined): void;
  /** A question outside of any call, on a session that is paired with our client's `sessionId`. */
  sessionAsk(sessionId: string, ask: Ask): Promise<Answer>;
  /** The connection was lost; calls in flight have ended with an error already. Reconnecting is the caller's affair. */
  lost(error: Error): void;
}

/**
 * One server that exchanges are sent to.
 *
 * Calls before `connect` has resolved connect first. After `lost`, the next `connect` or `call` starts anew, with a
 * fresh look at the era.
 */
export interface Upstream {
  /**
   * Finds the era and the server's description. Concurrent calls share one attempt.
   *
   * @throws ForgeError `upstream_unreachable`, `upstream_timeout`, `upstream_error`, with a message for operators.
   */
  connect(): Promise<UpstreamInfo>;
  /**
   * Sends one request. Never rejects: a failure of the wire is an error outcome, made by `errorOutcome(ForgeError)`, with
   * `upstream_unreachable` only where the request is known not to have been dispatched, `outcome_unknown` where it may
   * have been. Nothing is sent twice unless it is known not to have been dispatched (a 404 on its session is that).
   */
  call(request: ExchangeRequest, exchange: Exchange): Promise<Outcome>;
  /**
   * All the resource URIs and task ids to be told of; they replace those before. Survives reconnects.
   *
   * @returns when the server tells of the resources, has refused to, or is gone; never rejects. `undefined` where there is
   *   nothing to wait for
   */
  watch(uris: ReadonlySet<string>, taskIds?: ReadonlySet<string>): PromiseLike<unknown> | undefined;
  /**
   * Asks a server that was found to be a legacy one for its era once more. Where that has changed, the next `connect` or
   * `call` starts anew, and the lists are reported as changed. Absent where the era cannot change on a connection.
   *
   * @throws ForgeError when the server gave no evidence
   */
  lookAgain?(): Promise<void>;
  /**
   * Passes on a notification that is about no request to what is paired with a client's legacy session, if anything is.
   * Absent: they are dropped.
   */
  sessionNote?(sessionId: string, method: string, params: JsonText | undefined): void;
  /** Ends what is paired with a client's legacy session. */
  sessionEnded(sessionId: string): void;
  /** Ends everything; calls in flight end with `cancelled`. Idempotent. */
  close(): Promise<void>;
}

/** A duplex of JSON-RPC messages, one text each: a child's stdio, a WebSocket, HTTP+SSE. */
export interface Channel {
  /** Queues one message. After the channel closed it does nothing. @throws never */
  send(message: string): void;
  /** Ends the channel and everything behind it (for a child: its whole process tree). Idempotent. */
  close(): Promise<void>;
  /** Set once, before the first message can arrive (synchronously after opening). */
  onMessage: (message: string) => void;
  /** Called once when the channel ended without `close` having been called; `error.message` is for operators. */
  onClose: (error: Error) => void;
}
