/** @module What an edge serves: the answers to one client-facing endpoint. Forge's core is one, `translate` another. */
import type { Answer, Ask, Caller, Client, Exchange, ExchangeRequest, Outcome, ParamHeader } from './exchange.ts';
import type { JsonText } from './json-text.ts';

/** What a server says of itself: `server/discover`, or the answer to `initialize`. */
export interface ServerDescription {
  /** `Implementation`. */
  readonly serverInfo: JsonText;
  /** Server capabilities in modern form; the legacy edge takes away the extensions that are younger than its era. */
  readonly capabilities: JsonText;
  readonly instructions?: string | undefined;
  /** How long the description may be remembered, in ms. */
  readonly ttlMs: number;
  readonly cacheScope: 'public' | 'private';
}

/** What a client wants to be told of (2026-07-28, `SubscriptionFilter`). */
export interface ListenFilter {
  readonly toolsListChanged?: boolean;
  readonly promptsListChanged?: boolean;
  readonly resourcesListChanged?: boolean;
  readonly resourceSubscriptions?: readonly string[];
  /** Of the tasks extension (SEP-2663). */
  readonly taskIds?: readonly string[];
}

/** Where an endpoint delivers what happens outside of a request. */
export interface Listener {
  /** A notification: `notifications/tools/list_changed` and its kin, `notifications/resources/updated`, `notifications/tasks`, or any other of a paired upstream session. */
  note(method: string, params: JsonText | undefined): void;
  /** A question of an upstream session paired with this client's session; absent when the client cannot be asked. */
  ask?(ask: Ask): Promise<Answer>;
}

/** A client's standing interest. */
export interface Listening {
  /**
   * Resolves when the servers behind tell of the resources that the filter names, or have refused to, or are gone; never
   * rejects. Absent where there is nothing to wait for.
   */
  readonly ready?: PromiseLike<unknown> | undefined;
  /** Replaces the filter, e.g. after `resources/subscribe`. */
  update(filter: ListenFilter): void;
  close(): void;
}

/** One client-facing endpoint. */
export interface Endpoint {
  /** Tells endpoints apart: a session of one is unknown to another. */
  readonly key: string;
  /** The revisions that are served, in order of preference. @default all that Forge speaks, newest first */
  readonly versions?: readonly string[] | undefined;
  describe(caller: Caller): ServerDescription | Promise<ServerDescription>;
  /**
   * Serves one request: everything but what the edges answer themselves (`initialize`, `server/discover`, `ping`,
   * `logging/setLevel`, `subscriptions/listen`, `resources/subscribe`, `resources/unsubscribe`). Never rejects:
   * failures are outcomes. A method that it does not know is an error outcome with code -32601.
   */
  handle(request: ExchangeRequest, exchange: Exchange): Promise<Outcome>;
  /** Mirrored arguments of a tool, for checking `Mcp-Param-*` headers; `undefined` when it has none or is unknown. */
  paramHeaders(tool: string, caller: Caller): readonly ParamHeader[] | undefined;
  /** Those of some task ids that are the caller's, so that it may be told of them. Absent: all are. */
  ownTasks?(taskIds: readonly string[], caller: Caller): Promise<readonly string[]>;
  /** Starts telling `listener` what `filter` asks for, for as long as the client wants it. */
  listen(client: Client, filter: ListenFilter, listener: Listener): Listening;
  /**
   * A notification of a legacy session's client that is about no request, such as `notifications/roots/list_changed`, for
   * the upstream session that is paired with it. Absent: such notifications are accepted and dropped.
   */
  sessionNote?(client: Client, method: string, params: JsonText | undefined): void;
  /** A legacy session of the edge has ended: what was paired with it can go. */
  sessionEnded(sessionId: string): void;
}
