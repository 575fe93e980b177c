/**
 * @module The one abstraction between clients and upstreams: a request that yields `note* (ask answer)* end`, and can be
 * cancelled. Edges make exchanges out of what clients send; upstreams turn them into calls.
 */
import type { JsonText } from './json-text.ts';
import type { Era } from './versions.ts';

/** Who calls. Forge's core gives it rights; here it is only told apart from others. */
export interface Caller {
  /** Stable and unique among callers; sessions and parked calls are bound to it. */
  readonly id: string;
}

/** What is known of the client that sent a request, whichever way its era says it. */
export interface Client {
  readonly era: Era;
  readonly protocolVersion: string;
  readonly caller: Caller;
  /** The client's declared capabilities: an object. */
  readonly capabilities: JsonText;
  /** `Implementation`, when the client named itself. */
  readonly info?: JsonText | undefined;
  /** Least severe level of `notifications/message` that is wanted. Modern: absent means none. Legacy: absent means all. */
  readonly logLevel?: string | undefined;
  /** The legacy session at our edge, for state that an upstream keeps per session. */
  readonly sessionId?: string | undefined;
  /** What the client itself wants sent to the upstream as `Authorization` (from `X-Upstream-Authorization`). */
  readonly upstreamAuthorization?: string | undefined;
}

/** An `x-mcp-header` of a tool's input schema: the argument at `path` is mirrored in `Mcp-Param-<name>`. */
export interface ParamHeader {
  readonly name: string;
  readonly path: readonly string[];
}

/** One request in neutral form. */
export interface ExchangeRequest {
  /** As the spec spells it, e.g. `tools/call`. */
  readonly method: string;
  /**
   * `params` as the client sent them, `_meta` included; an object. The upstream adapter rewrites what belongs to our
   * side of the wire (`progressToken`, the envelope keys of `_meta`) for its own era.
   */
  readonly params: JsonText | undefined;
  /** `params.name` of tools/call and prompts/get, `params.uri` of resources/read, `params.taskId` of tasks/*. */
  readonly target?: string | undefined;
  readonly client: Client;
  /** Raw JSON of `params._meta.progressToken`; present iff the client wants `notifications/progress`. */
  readonly progressToken?: string | undefined;
  /** The called tool's mirrored arguments, for upstreams over HTTP. */
  readonly paramHeaders?: readonly ParamHeader[] | undefined;
  /** What plugins add, by lower-case name; for upstreams that send such headers. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A JSON-RPC error object; `data` verbatim. */
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: JsonText | undefined;
}

/** How an exchange ends. `era` says in which era's form `result` or `error` is; edges convert where it differs. */
export type Outcome =
  | { readonly era: Era; readonly result: JsonText; readonly error?: undefined }
  | { readonly era: Era; readonly error: RpcError; readonly result?: undefined };

/** What a client answers to a question. */
export type Answer =
  | { readonly result: JsonText; readonly error?: undefined }
  | { readonly error: RpcError; readonly result?: undefined };

/** A server's question: `elicitation/create`, `sampling/createMessage`, `roots/list` or `ping`. */
export interface Ask {
  readonly method: string;
  readonly params: JsonText | undefined;
}

/**
 * The client's side of one request in flight, given to whoever serves it. An edge makes it.
 *
 * Order of calls: any number of `note` and `ask`, then the promise of {@link Endpoint.handle} settles; nothing after.
 */
export interface Exchange {
  /**
   * Passes on a notification of this request (`notifications/progress`, `notifications/message`, ...). The edge restores
   * the client's `progressToken` and drops what the client did not ask for.
   */
  note(method: string, params: JsonText | undefined): void;
  /**
   * Asks the client. Resolves with its answer; an edge that cannot ask resolves with an error, it never rejects.
   * Only for servers that ask by request; a modern server's `input_required` is an ordinary result.
   */
  ask(ask: Ask): Promise<Answer>;
  /** True once the client has cancelled or gone. */
  readonly cancelled: boolean;
  /** Calls `listener` once when the client cancels (at once if it has). Only one listener; the last one set counts. */
  onCancel(listener: (reason: string | undefined) => void): void;
}
