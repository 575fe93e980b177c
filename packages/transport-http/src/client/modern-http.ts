/** @module Calls to a modern server over Streamable HTTP (2026-07-28): one POST each, nothing kept in between. */
import {
  createListenWatch,
  deliverChange,
  errorOutcome,
  type Exchange,
  type ExchangeRequest,
  ForgeError,
  modernHeaders,
  modernParams,
  type Outcome,
  type UpstreamInfo,
} from '@forge/protocol';
import { type Doubt, type HttpAdapter, type HttpHop, outcomeOf, post, postOwn } from './http-hop.ts';
import { type CallHooks, type Ending, RpcCall } from './rpc-call.ts';
import { checkedAuthorization } from './wire.ts';

/** What all modern requests of one upstream do with what comes before their answer. */
export function modernHooks({ deadlines, events }: HttpHop): CallHooks {
  return {
    deadlines,
    note({ exchange, own }, method, params) {
      if (method === 'notifications/subscriptions/acknowledged') own?.acknowledged?.();
      else if (!deliverChange(events, method, params)) exchange.note(method, params);
    },
    question() {}, // a modern server must not ask by request, and nothing could carry an answer to it
    resume: () => false,
    timedOut() {}, // closing the connection says it all
  };
}

/**
 * Speaks to a modern server.
 *
 * @param onLost called when the stream that Forge listens on cannot be opened for want of a connection
 */
export function createModernHttp(hop: HttpHop, info: UpstreamInfo, onLost: (error: Error) => void): HttpAdapter {
  const { protocolVersion, description } = info;
  const { clientInfo, events } = hop;
  const hooks = modernHooks(hop);

  const watch = createListenWatch({
    description,
    protocolVersion,
    clientInfo,
    events,
    request(method, params, target) {
      const headers = modernHeaders(method, target, protocolVersion);
      const lasting = method === 'subscriptions/listen';
      const own = postOwn(hop, hooks, { method, params, headers, authorization: undefined, lasting });
      own.answer.catch((error: unknown) => {
        if (error instanceof ForgeError && error.code === 'upstream_unreachable') onLost(error);
      });
      return own;
    },
  });

  function call(request: ExchangeRequest, exchange: Exchange): Promise<Outcome | Doubt> {
    if (exchange.cancelled) return Promise.resolve(errorOutcome(new ForgeError('cancelled')));
    const { client, method, target, paramHeaders } = request;
    const authorization = checkedAuthorization(client.upstreamAuthorization);
    const id = hop.nextId();
    const progressToken = request.progressToken === undefined ? undefined : String(id);
    const params = modernParams(request, { protocolVersion, clientInfo, progressToken });
    const headers = modernHeaders(method, target, protocolVersion, paramHeaders, request.params);
    return new Promise((resolve) => {
      const settle = (ending: Ending): void => resolve(outcomeOf('modern', ending));
      const sent = new RpcCall({ id, hooks, exchange, callerId: client.caller.id, settle });
      post(hop, sent, { method, params, headers, authorization });
      exchange.onCancel((reason) => sent.withdraw(new ForgeError('cancelled', reason)));
    });
  }

  return {
    info,
    watch,
    call,
    sessionEnded() {}, // there are none
    retire: () => watch.close(),
    async close() {
      watch.close();
    },
  };
}
