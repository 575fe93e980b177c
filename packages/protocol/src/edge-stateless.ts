/**
 * @module Streamable HTTP without sessions: a legacy request stands for itself too, as a modern one does anyway. Nobody can
 * be asked anything, and nobody listens.
 */
import { classify, unsupportedVersion } from './classify.ts';
import { createHttpEdge, type HttpEdge, type HttpEdgeOptions, type HttpRequestIn } from './edge-http.ts';
import { isInitialize } from './edge-legacy.ts';
import type { Endpoint } from './endpoint.ts';
import { accepts } from './headers.ts';
import { bareSession } from './legacy-bare.ts';
import { openLegacy } from './legacy-opening.ts';
import { formatResult, peekId, readBody } from './message.ts';
import { refuseMethod, type Reply, replyError, type Sender } from './reply.ts';
import { ASSUMED_LEGACY, SUPPORTED_VERSIONS } from './versions.ts';

/**
 * Makes the edge. `initialize` is answered without a session id, and GET and DELETE by 405.
 *
 * @example
 * const listener = createMcpListener({ authenticate, endpoint, edge: createStatelessEdge() });
 */
export function createStatelessEdge(options: HttpEdgeOptions = {}): HttpEdge {
  const edge = createHttpEdge(options);

  function post(endpoint: Endpoint, request: HttpRequestIn, reply: Reply): void {
    const { versions = SUPPORTED_VERSIONS } = endpoint;
    const classified = classify(request.headers, readBody(request.body), versions);
    if (classified.era === 'modern') return edge.post(endpoint, request, reply);
    const { body, protocolVersion = ASSUMED_LEGACY } = classified;
    const { caller, upstreamAuthorization } = request;
    if (isInitialize(body)) {
      openLegacy(endpoint, body.params, caller).then(
        ({ result }) => reply.json(200, formatResult(body.id, result)),
        (thrown: unknown) => replyError(reply, body.id, thrown),
      );
      return;
    }
    if (!versions.includes(protocolVersion)) throw unsupportedVersion(protocolVersion, versions);
    const takesEvents = accepts(request.headers['accept'], 'text/event-stream');
    const sender: Sender = { caller, upstreamAuthorization, takesEvents };
    bareSession(endpoint, caller, protocolVersion, options.now).receive(body, sender, reply);
  }

  const refuse = (_endpoint: Endpoint, _request: HttpRequestIn, reply: Reply): void => {
    refuseMethod(reply, 'Only POST is allowed here: there are no sessions');
  };
  return {
    post(endpoint, request, reply) {
      try {
        post(endpoint, request, reply);
      } catch (thrown) {
        replyError(reply, peekId(request.body), thrown);
      }
    },
    get: refuse,
    delete: refuse,
    sessions: 0,
    get subscriptions() {
      return edge.subscriptions;
    },
    get parked() {
      return edge.parked;
    },
    close: () => edge.close(),
  };
}
