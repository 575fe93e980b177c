/**
 * @module Requests on their way out: the neutral form of a request made into `params` for one hop of either era, and the
 * legacy session that a client's requests belong to.
 */
import { OWN_CAPABILITIES, passingExtensions } from './capabilities.ts';
import { LOG_LEVELS } from './classify.ts';
import { ForgeError } from './errors.ts';
import type { Client, ExchangeRequest } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { INVALID_STATE } from './request-state.ts';
import { TASKS_EXTENSION } from './tasks.ts';
import { META } from './versions.ts';

/** Capabilities by which a legacy server knows that it may send requests to its client. */
const ASKABLE = ['elicitation', 'sampling', 'roots'] as const;

const EMPTY = new JsonText('{}');

/** What one hop of the modern era puts into `_meta`. */
export interface ModernHop {
  readonly protocolVersion: string;
  /** Forge's own `Implementation`, for clients that did not name themselves. */
  readonly clientInfo: JsonText;
  /** Raw JSON of our token for this request, when the client wants progress. */
  readonly progressToken?: string | undefined;
}

/** `params` for a modern upstream: the envelope in `_meta` is ours, everything else is verbatim (basic/index, `_meta`). */
export function modernParams(request: ExchangeRequest, hop: ModernHop): JsonText {
  const { client } = request;
  // A legacy client that never set a level hears everything, which a modern server has to be told.
  const logLevel = client.logLevel ?? (client.era === 'legacy' ? 'debug' : undefined);
  return withMeta(request.params ?? EMPTY, {
    [META.protocolVersion]: JSON.stringify(hop.protocolVersion),
    [META.clientCapabilities]: carriedCapabilities(client).text,
    [META.clientInfo]: (client.info ?? hop.clientInfo).text,
    [META.logLevel]: logLevel === undefined ? undefined : JSON.stringify(logLevel),
    progressToken: hop.progressToken,
  });
}

/**
 * `params` for a legacy upstream: without the modern envelope and the answers that come with a retry, with our progress
 * token, everything else verbatim.
 *
 * @throws ForgeError `invalid_params` for a `requestState`: no legacy upstream has made one, and what we made for its
 * calls is known to the edge.
 */
export function legacyParams(request: ExchangeRequest, progressToken?: string): JsonText | undefined {
  if (request.params === undefined && progressToken === undefined) return undefined;
  return withMeta(withoutRetry(request) ?? EMPTY, {
    [META.protocolVersion]: undefined,
    [META.clientCapabilities]: undefined,
    [META.clientInfo]: undefined,
    [META.logLevel]: undefined,
    progressToken,
  });
}

function withoutRetry({ client, params }: ExchangeRequest): JsonText | undefined {
  if (client.era === 'legacy' || params === undefined) return params;
  if (params.has('requestState')) throw new ForgeError('invalid_params', INVALID_STATE);
  return params.has('inputResponses') ? params.with({ inputResponses: undefined }) : params;
}

/**
 * A peer's capabilities as the other side may know them: without the experimental tasks of 2025-11-25 and, in the legacy
 * era, which has no form for it, without the tasks extension; otherwise verbatim.
 */
export function carriedCapabilities({ era, capabilities }: Pick<Client, 'era' | 'capabilities'>): JsonText {
  const edits: Record<string, string | undefined> = {};
  if (capabilities.member('tasks') !== undefined) edits['tasks'] = undefined;
  const extensions = era === 'legacy' ? capabilities.member('extensions') : undefined;
  if (extensions?.has(TASKS_EXTENSION) === true) {
    edits['extensions'] = extensions.with({ [TASKS_EXTENSION]: undefined }).text;
  }
  return Object.keys(edits).length === 0 ? capabilities : capabilities.with(edits);
}

/** Which session of a legacy upstream serves a client. */
export interface LegacyAffinity {
  /** Equal keys share a session. */
  readonly key: string;
  /** The client's own session at our edge, when the upstream's session belongs to it alone. */
  readonly sessionId?: string | undefined;
  /** Declared in `initialize`. */
  readonly capabilities: JsonText;
}

/** The session of clients that cannot be asked anything. */
export const SHARED: LegacyAffinity = { key: 'shared', capabilities: OWN_CAPABILITIES };

/**
 * Legacy capabilities are fixed at `initialize`, so clients share a session only where they declare the same ones.
 * A client with a session of its own gets one upstream if it can be asked something, or, with `pairAll`, always.
 */
export function legacyAffinity(client: Client, pairAll = false): LegacyAffinity {
  const { sessionId, capabilities } = client;
  if (sessionId === undefined) return affinityOf(client, pairAll);
  const known = affinities.get(capabilities);
  if (known?.sessionId === sessionId && known.pairAll === pairAll) return known.affinity;
  const affinity = affinityOf(client, pairAll);
  affinities.set(capabilities, { sessionId, pairAll, affinity });
  return affinity;
}

/** A session's capabilities are the same object from its first request to its last. */
const affinities = new WeakMap<JsonText, { sessionId: string; pairAll: boolean; affinity: LegacyAffinity }>();

function affinityOf(client: Client, pairAll: boolean): LegacyAffinity {
  const { sessionId, capabilities } = client;
  const asks = askable(capabilities);
  if (sessionId !== undefined && (pairAll || asks !== EMPTY)) {
    return { key: `session:${sessionId}`, sessionId, capabilities: carriedCapabilities(client) };
  }
  return asks === EMPTY ? SHARED : { key: `asks:${asks.text}`, capabilities: asks };
}

function askable(capabilities: JsonText): JsonText {
  const members = ASKABLE.flatMap((name) => {
    const declared = capabilities.member(name);
    return declared?.isObject === true ? [[name, declared.text] as const] : [];
  });
  if (members.length === 0) return EMPTY;
  const asks = EMPTY.with(Object.fromEntries(members));
  if (capabilities.member('extensions') === undefined) return asks;
  const extensions = passingExtensions(capabilities);
  return Object.keys(extensions).length === 0 ? asks : asks.with({ extensions: EMPTY.with(extensions).text });
}

/** Sets or removes members of `_meta`; the very same `params` where nothing differs. */
function withMeta(params: JsonText, wanted: Readonly<Record<string, string | undefined>>): JsonText {
  const present = params.member('_meta');
  const meta = present?.isObject === true ? present : EMPTY;
  const edits: Record<string, string | undefined> = {};
  let differs = false;
  for (const name of Object.keys(wanted)) {
    if (meta.member(name)?.text === wanted[name]) continue;
    edits[name] = wanted[name];
    differs = true;
  }
  if (!differs) return params;
  const edited = meta.with(edits);
  return params.with({ _meta: edited.text === '{}' ? undefined : edited.text });
}

/**
 * The level to send by `logging/setLevel` before a call, when the session's own is not verbose enough for the client.
 * On a session whose level somebody has set, a legacy client without a level still wants everything.
 */
export function nextLogLevel(current: string | undefined, client: Client): string | undefined {
  const wanted = client.logLevel ?? (client.era === 'legacy' && current !== undefined ? 'debug' : undefined);
  if (wanted === undefined || !LOG_LEVELS.includes(wanted)) return undefined;
  return current === undefined || LOG_LEVELS.indexOf(wanted) < LOG_LEVELS.indexOf(current) ? wanted : undefined;
}

/** Why an upstream cannot be reached is for operators: it names addresses, commands and what a child wrote. */
export function forCaller(error: unknown): unknown {
  if (!(error instanceof ForgeError) || error.code !== 'upstream_unreachable') return error;
  return new ForgeError('upstream_unreachable', undefined, { cause: error });
}
