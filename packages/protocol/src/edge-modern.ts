/**
 * @module The modern edge (2026-07-28): each request stands for itself, so an exchange is all the state there is, but for
 * calls whose server asks by request.
 */
import type { Classified } from './classify.ts';
import { ClientExchange } from './client-exchange.ts';
import type { Endpoint } from './endpoint.ts';
import type { Client, ExchangeRequest, Outcome } from './exchange.ts';
import { checkParamHeaders, type HeaderBag } from './headers.ts';
import { JsonText } from './json-text.ts';
import { answerModern } from './modern-answer.ts';
import { errorOutcome } from './outcome.ts';
import { type ParkedCalls, stateOf } from './parked-calls.ts';
import type { Reply, Sender } from './reply.ts';
import { ASKING, toModern, toModernCapabilities } from './shapes.ts';
import type { Subscriptions } from './subscriptions.ts';
import { isTask, needsTasks, takesTasks } from './tasks.ts';
import { META, SUPPORTED_VERSIONS } from './versions.ts';

/** A modern request that passed the checks of its envelope. */
export type ModernRequest = Extract<Classified, { era: 'modern'; envelope: object }>;

/** What modern requests of one edge share. */
export interface ModernEdge {
  readonly subscriptions: Subscriptions;
  readonly parked: ParkedCalls;
  /** Those that `server/discover` lists. @default the endpoint's */
  readonly versions?: readonly string[] | undefined;
}

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
  { parked }: ModernEdge,
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
  const exchange = new ClientExchange(id, request, reply, sender.takesEvents, parked);
  exchange.endpointKey = endpoint.key;
  reply.onClose((error) => (error ? exchange.stop(error) : exchange.cancel('The client closed the stream')));
  return exchange;
}

/** Serves an exchange to its end; a call that its client was asked something for, to the end of that. Never rejects. */
export async function serveModern(
  endpoint: Endpoint,
  exchange: ClientExchange,
  { subscriptions, parked, versions }: ModernEdge,
): Promise<void> {
  const { request } = exchange;
  const state = stateOf(request);
  if (state !== undefined && (await resumed(parked, exchange, state))) return;
  try {
    let outcome: Outcome;
    if (request.method === 'server/discover') outcome = await discover(endpoint, request.client, versions);
    else if (request.method === 'subscriptions/listen') outcome = await subscriptions.serve(endpoint, exchange);
    else outcome = toClient(await endpoint.handle(request, exchange), request);
    if (exchange.parked === undefined) answerModern(exchange, outcome);
    else exchange.parked.end(outcome);
  } catch (thrown) {
    if (exchange.parked === undefined) exchange.fail(thrown);
    else exchange.parked.end(errorOutcome(thrown));
  }
}

/** An outcome in modern form; an error in place of a task, where the client did not say that it takes one. */
function toClient(outcome: Outcome, { method, client }: ExchangeRequest): Outcome {
  const converted = toModern(outcome, method);
  const { result } = converted;
  if (result === undefined || !ASKING.has(method) || !isTask(result) || takesTasks(client)) return converted;
  return errorOutcome(needsTasks());
}

/** Whether the request was about a call that waits here, and has its answer. */
async function resumed(parked: ParkedCalls, exchange: ClientExchange, state: string): Promise<boolean> {
  try {
    return await parked.resume(exchange, state);
  } catch (thrown) {
    answerModern(exchange, errorOutcome(thrown));
    return true;
  }
}

async function discover(
  endpoint: Endpoint,
  { caller }: Client,
  versions = endpoint.versions ?? SUPPORTED_VERSIONS,
): Promise<Outcome> {
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
