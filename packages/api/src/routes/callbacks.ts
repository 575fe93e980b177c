/** @module What the API needs from the gateway around it: calls, health, numbers. */
import type { Principal } from '@forge/core';
import type { JsonText } from '@forge/protocol';
import type { z } from 'zod';
import type { getMetrics } from '../contract/system.ts';

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

/** What the API needs from the gateway around it. */
export interface ApiCallbacks {
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
  /** The name under which the principal calls an item in the aggregate; `undefined` when it is not there. */
  nameOf(principal: Principal, kind: 'tools' | 'prompts', itemId: string): string | undefined;
  /** Never rejects, and answers soon. */
  health(): Promise<readonly HealthItem[]>;
  /** Calls so far. */
  metrics(): z.input<typeof getMetrics.answer>;
  /** More of `GET /version`; no secrets. */
  diagnostics(): Promise<Readonly<Record<string, unknown>>>;
}
