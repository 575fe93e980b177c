/** @module Interceptors wrap calls, as connect-es's do: first in the list is outermost. */
import type { Exchange, ExchangeRequest, ForgeError, Outcome } from '@forge/protocol';
import type { PluginChain } from '../plugins/chain.ts';
import type { Principal } from './principal.ts';

/** One call on its way to an upstream. */
export interface Call {
  /** What the upstream will get; its own names. An interceptor may pass on a changed copy. */
  readonly request: ExchangeRequest;
  readonly exchange: Exchange;
  readonly principal: Principal;
  /** The virtual server; `undefined` for the aggregate of everything. */
  readonly serverId: string | undefined;
  /** The upstream that will serve it; `undefined` for what Forge serves itself. */
  readonly upstreamId: string | undefined;
  /** The id of the tool, prompt or resource, where it is a registered one. */
  readonly itemId: string | undefined;
  /** Name or URI as the client sent it. */
  readonly target: string | undefined;
  /** The plugins around it; `undefined`: none. */
  readonly chain?: PluginChain | undefined;
  /** Why it leads nowhere: its caller sees nothing of that name, or its upstream is out. It ends with this. */
  readonly refusal?: ForgeError | undefined;
}

/** Continues with the call. */
export type Next = (call: Call) => Promise<Outcome>;

/**
 * Wraps calls; failures are outcomes, a thrown error becomes one.
 *
 * @example
 * const timed: Interceptor = (next) => async (call) => {
 *   const start = performance.now();
 *   const outcome = await next(call);
 *   console.error(call.request.method, performance.now() - start);
 *   return outcome;
 * };
 */
export type Interceptor = (next: Next) => Next;
