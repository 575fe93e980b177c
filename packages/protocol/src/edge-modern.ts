/** @module The modern edge (2026-07-28): each request stands for itself, so an exchange is all the state there is. */
import type { Classified } from './classify.ts';
import { ClientExchange, type Asker, refused } from './client-exchange.ts';
import type { Endpoint } from './endpoint.ts';
import type { Client, Outcome, RpcError } from './exchange.ts';
import { checkParamHeaders, type HeaderBag } from './headers.ts';
import { JsonText } from './json-text.ts';
import type { Reply, Sender } from './reply.ts';
import { toModern, toModernCapabilities } from './shapes.ts';
import type { Subscriptions } from './subscriptions.ts';
import { META, SUPPORTED_VERSIONS } from './versions.ts';

/** A modern request that passed the checks of its envelope. */
export type ModernRequest = Extract<Classified, { era: 'modern'; envelope: object }>;

/** Codes whose HTTP status is not 200 (2026-07-28, Streamable HTTP, Protocol Version Header; basic/index, `_meta`). */
const STATUS: ReadonlyMap<number, number> = new Map([
  [-32601, 404],
  [-32021, 400],
]);

/**
 * Codes that an upstream may send and a modern client must not get: those of earlier revisions, and those that would
 * speak of the hop between the client and us.
 */
const TRANSLATED: ReadonlyMap<number, number> = new Map([
  [-32002, -32602],
  [-32042, -32603],
  [-32020, -32603],
  [-32022, -32603],
]);

/**
 * The exchange of one request. It is cancelled when the client closes the reply.
 *
 * @throws ForgeError `header_mismatch`
 */
export function openModern(
  endpoint: Endpoint,
  { message, envelope }: ModernRequest,
  sender: Sender,
  reply: Reply,
  headers?: HeaderBag,
): ClientExchange {
  const { id, method, params } = message;
  const { target, progressToken } = envelope;
  const paramHeaders =
    method === 'tools/call' && target !== undefined ? endpoint.paramHeaders(target, sender.caller) : undefined;
  if (headers !== undefined && paramHeaders !== undefined) checkParamHeaders(headers, paramHeaders, params);
  const client: Client = {
    era: 'modern',
    protocolVersion: envelope.protocolVersion,
    caller: sender.caller,
    capabilities: envelope.capabilities,
    info: envelope.info,
    logLevel: envelope.logLevel,
    upstreamAuthorization: sender.upstreamAuthorization,
  };
  const request = { method, params, target, client, progressToken, paramHeaders };
  const exchange = new ClientExchange(id, request, reply, sender.takesEvents, askModern);
  reply.onClose(() => exchange.cancel('The client closed the stream'));
  return exchange;
}

/** Serves an exchange to its end. `versions` are those that `server/discover` lists. Never rejects. */
export async function serveModern(
  endpoint: Endpoint,
  exchange: ClientExchange,
  subscriptions: Subscriptions,
  versions: readonly string[] = SUPPORTED_VERSIONS,
): Promise<void> {
  const { request } = exchange;
  try {
    let outcome: Outcome;
    if (request.method === 'server/discover') outcome = await discover(endpoint, request.client, versions);
    else if (request.method === 'subscriptions/listen') outcome = await subscriptions.serve(endpoint, exchange);
    else outcome = toModern(await endpoint.handle(request, exchange), request.method);
    if (outcome.error === undefined) return exchange.finish(200, outcome);
    const error = translated(outcome.error);
    exchange.finish(STATUS.get(error.code) ?? 200, { era: 'modern', error });
  } catch (thrown) {
    exchange.fail(thrown);
  }
}

/**
 * How a question of a legacy server reaches a modern client, which cannot be sent requests. This is the one place for
 * it: what parks the call and answers it by `input_required` goes here.
 */
const askModern: Asker = () => Promise.resolve(refused('There is no client request to carry the question'));

async function discover(endpoint: Endpoint, { caller }: Client, versions: readonly string[]): Promise<Outcome> {
  const { serverInfo, capabilities, instructions, ttlMs, cacheScope } = await endpoint.describe(caller);
  const result = new JsonText('{"resultType":"complete"}').with({
    supportedVersions: JSON.stringify(versions),
    capabilities: toModernCapabilities(capabilities).text,
    instructions: instructions === undefined ? undefined : JSON.stringify(instructions),
    ttlMs: String(ttlMs),
    cacheScope: JSON.stringify(cacheScope),
    _meta: `{${JSON.stringify(META.serverInfo)}:${serverInfo.text}}`,
  });
  return { era: 'modern', result };
}

function translated(error: RpcError): RpcError {
  const code = TRANSLATED.get(error.code);
  return code === undefined ? error : { ...error, code };
}
