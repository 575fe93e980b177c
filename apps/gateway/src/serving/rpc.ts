/** @module One JSON-RPC message of MCP without a session, for the REST API's `/rpc` and its kin. */
import type { Principal } from '@forge/core';
import {
  agreedLegacy,
  type Client,
  type Endpoint,
  errorOutcome,
  type Exchange,
  formatError,
  formatResult,
  JsonText,
  LATEST_LEGACY,
  progressTokenOf,
  targetOf,
  toLegacy,
  toLegacyCapabilities,
  unsupportedVersion,
} from '@forge/protocol';

/** What comes with a message. */
export interface RpcContext {
  readonly principal: Principal;
  readonly upstreamAuthorization: string | undefined;
  /** Aborts when the client goes. */
  readonly signal: AbortSignal;
  /** Aborts when the gateway must end; its reason is the answer then. */
  readonly closing: AbortSignal;
}

/**
 * Serves a message as a legacy client's that declared no capabilities: results have the form that every client knows, and
 * nobody can be asked.
 *
 * @returns the response; `undefined` for a notification
 */
export async function serveRpc(
  endpoint: Endpoint,
  message: JsonText,
  context: RpcContext,
): Promise<JsonText | undefined> {
  const id = message.member('id')?.text;
  if (id === undefined) return undefined;
  const method = message.member('method')?.value as string;
  const params = message.member('params');
  try {
    return new JsonText(formatResult(id, await resultOf(endpoint, method, params, context)));
  } catch (thrown) {
    const { error } = thrown instanceof Failed ? thrown.outcome : errorOutcome(thrown);
    return new JsonText(formatError(id, error ?? { code: -32603, message: 'Internal error' }));
  }
}

/** A JSON-RPC error on its way to the response. */
class Failed extends Error {
  readonly outcome: ReturnType<typeof errorOutcome>;

  constructor(outcome: ReturnType<typeof errorOutcome>) {
    super(outcome.error?.message);
    this.outcome = outcome;
  }
}

async function resultOf(
  endpoint: Endpoint,
  method: string,
  params: JsonText | undefined,
  context: RpcContext,
): Promise<JsonText> {
  if (method === 'ping') return new JsonText('{}');
  if (method === 'initialize') return initialize(endpoint, params, context.principal);
  const request = {
    method,
    params,
    target: targetOf(method, params),
    client: clientOf(context),
    progressToken: progressTokenOf(params),
  };
  const outcome = toLegacy(
    await untilClosing(context, (signal) => endpoint.handle(request, exchangeOf(signal))),
    method,
  );
  if (outcome.result !== undefined) return outcome.result;
  throw context.closing.aborted ? context.closing.reason : new Failed(outcome);
}

/** By hand: what `AbortSignal.any` makes stays for as long as the gateway once something listens to it. */
async function untilClosing<T>({ signal, closing }: RpcContext, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const either = new AbortController();
  const abort = (): void => either.abort();
  signal.addEventListener('abort', abort, { once: true });
  closing.addEventListener('abort', abort, { once: true });
  if (signal.aborted || closing.aborted) abort();
  try {
    return await call(either.signal);
  } finally {
    closing.removeEventListener('abort', abort);
  }
}

async function initialize(endpoint: Endpoint, params: JsonText | undefined, principal: Principal): Promise<JsonText> {
  const requested = String(params?.member('protocolVersion')?.value);
  const protocolVersion = agreedLegacy(requested, endpoint.versions);
  if (protocolVersion === undefined) throw unsupportedVersion(requested, endpoint.versions);
  const { serverInfo, capabilities, instructions } = await endpoint.describe(principal);
  return new JsonText('{}').with({
    protocolVersion: JSON.stringify(protocolVersion),
    capabilities: toLegacyCapabilities(capabilities).text,
    serverInfo: serverInfo.text,
    instructions: instructions === undefined ? undefined : JSON.stringify(instructions),
  });
}

function clientOf({ principal, upstreamAuthorization }: RpcContext): Client {
  const capabilities = new JsonText('{}');
  return { era: 'legacy', protocolVersion: LATEST_LEGACY, caller: principal, capabilities, upstreamAuthorization };
}

function exchangeOf(signal: AbortSignal): Exchange {
  return {
    note() {}, // there is no stream for it
    async ask() {
      return { error: { code: -32600, message: 'A client of the REST API cannot be asked; use /mcp' } };
    },
    get cancelled() {
      return signal.aborted;
    },
    onCancel(listener) {
      if (signal.aborted) listener(undefined);
      else signal.addEventListener('abort', () => listener(undefined), { once: true });
    },
  };
}
