/** @module What the API needs from the gateway around it: calls, health, numbers. */
import type { Principal, SecretHeader, UpstreamInput, UpstreamRecord } from '@forge/core';
import type { JsonText } from '@forge/protocol';
import type { z } from 'zod';
import type * as contract from '../contract/rest-tools.ts';
import type { AgentTotals, getMetrics } from '../contract/system.ts';
import type { OpenApiImporter } from './openapi-importer.ts';

/** Besides the message, what a call comes with. */
export interface RpcOptions {
  /** The client's own credential for the upstream, from `X-Upstream-Authorization`. */
  readonly upstreamAuthorization: string | undefined;
  /** Aborts when the client goes: the call is to be cancelled. */
  readonly signal: AbortSignal;
}

/** Whether one part works. The message is public: nothing internal in it. */
export interface HealthItem {
  readonly name: string;
  readonly ok: boolean;
  readonly message?: string | undefined;
}

/** What is said of a REST endpoint. */
export type RestToolFields = { readonly name: string } & {
  readonly [Field in keyof typeof contract.RestToolFields]?: ReadonlyDeep<
    z.output<(typeof contract.RestToolFields)[Field]>
  >;
};

type ReadonlyDeep<T> = T extends readonly (infer One)[]
  ? readonly One[]
  : T extends object
    ? { readonly [Key in keyof T]: T[Key] }
    : T;

/** How the gateway proves itself to an endpoint. */
export type RestToolAuth =
  | { readonly type: 'headers'; readonly headers: readonly SecretHeader[] }
  | { readonly type: 'query'; readonly name: string; readonly value: string }
  | ({ readonly type: 'oauth' } & OAuthCredentials);

/** OAuth client credentials. */
export interface OAuthCredentials {
  readonly tokenUrl: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scope?: string | undefined;
  readonly audience?: string | undefined;
  readonly resource?: string | undefined;
  readonly clientAuth?: 'basic' | 'post' | undefined;
}

/** Single REST endpoints as upstreams, by the adapter that serves them. */
export interface RestTools {
  /**
   * The upstream of a new endpoint, or of a changed one (whose record is masked).
   *
   * @throws ForgeError `validation_failed` naming the field
   */
  toUpstream(
    fields: RestToolFields,
    auth: RestToolAuth | undefined,
    current?: UpstreamRecord,
  ): Pick<UpstreamInput, 'url' | 'config' | 'headers' | 'secrets'>;
  /** Whether an upstream was registered as a tool by itself. */
  isSingle(record: UpstreamRecord): boolean;
  /** What can be told of a tool of an upstream; `undefined` where it is no REST endpoint. */
  fieldsOf(record: UpstreamRecord, name: string): RestToolFields | undefined;
  /** What is wrong with a filter; `undefined`: nothing. */
  filterProblem(expression: string): Promise<string | undefined>;
  /** How the gateway proves itself to a single endpoint, secrets masked; `undefined` where it does not. */
  authOf(record: UpstreamRecord): RestToolAuth | undefined;
}

/** What A2A is spoken with: a published virtual server, or the tools of one agent. */
export type AgentPlace = { readonly serverId: string } | { readonly upstreamId: string };

/** The gateway as an agent. */
export interface AgentCallbacks {
  /**
   * The card of a published virtual server.
   *
   * @param origin where the gateway is reached, for the card's URLs
   * @throws ForgeError `not_found` when the principal has no such server, or it is not published; `forbidden`
   */
  card(principal: Principal, serverId: string, origin: string): Promise<Readonly<Record<string, unknown>>>;
  /** Calls of an agent's tools so far, and its tokens. */
  metrics(upstreamId: string, toolIds: readonly string[]): z.input<typeof AgentTotals>;
  /**
   * Serves one JSON-RPC request of A2A: JSON, or events.
   *
   * @throws ForgeError `not_found`, `forbidden`, as `card`
   */
  rpc(principal: Principal, place: AgentPlace, request: JsonText, by: AgentCaller): Promise<Response>;
  /** The same for A2A's HTTP+JSON binding, at a published virtual server. */
  rest(principal: Principal, serverId: string, request: AgentRestRequest, by: AgentCaller): Promise<Response>;
}

/** What a request of A2A comes with. */
export interface AgentCaller {
  /** The client's own credential for the upstream, from `X-Upstream-Authorization`. */
  readonly upstreamAuthorization: string | undefined;
  /** Of A2A, where the client says it. */
  readonly a2aVersion: string | undefined;
  /** Where the gateway is reached. */
  readonly origin: string;
}

/** A request of A2A's HTTP+JSON binding. */
export interface AgentRestRequest {
  /** `GET`, `POST`, `DELETE`. */
  readonly method: string;
  /** Below the agent's URL, decoded: `message:send`. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: JsonText | undefined;
}

/** What the API needs from the gateway around it. */
export interface ApiCallbacks {
  readonly agents: AgentCallbacks;
  /**
   * Serves one JSON-RPC message of MCP at a virtual server (`undefined`: the aggregate of everything); resolves with
   * the response, or with `undefined` for a notification.
   *
   * @throws ForgeError `not_found` when the principal has no such server, `forbidden`
   */
  rpc(
    principal: Principal,
    serverId: string | undefined,
    message: JsonText,
    options: RpcOptions,
  ): Promise<JsonText | undefined>;
  /** Whether the principal sees a tool of this name there. */
  hasTool(principal: Principal, serverId: string | undefined, name: string): boolean;
  /** Whether a tool that the principal sees there may be called by REST, too. */
  isExposed(principal: Principal, serverId: string | undefined, name: string): boolean;
  /** How single REST endpoints become upstreams; absent: they cannot be registered. */
  readonly restTools?: RestTools | undefined;
  /** The name under which the principal calls an item in the aggregate; `undefined` when it is not there. */
  nameOf(principal: Principal, kind: 'tools' | 'prompts', itemId: string): string | undefined;
  /** Reads OpenAPI documents; absent: they cannot be imported. */
  readonly importOpenApi?: OpenApiImporter | undefined;
  /** Whether plugins are switched on. @default true */
  readonly pluginsEnabled?: boolean | undefined;
  /** Never rejects, and answers soon. */
  health(): Promise<readonly HealthItem[]>;
  /** Calls so far. */
  metrics(): z.input<typeof getMetrics.answer>;
  /** More of `GET /version`; no secrets. */
  diagnostics(): Promise<Readonly<Record<string, unknown>>>;
}
