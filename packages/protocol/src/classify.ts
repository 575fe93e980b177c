/**
 * @module Which era a message from a client speaks, and whether its envelope holds. Checks run in a fixed order, and the
 * first one that fails is the answer: shape, `_meta`, headers, version, method.
 */
import { ForgeError } from './errors.ts';
import { checkMethodHeaders, checkVersionHeader, HEADER, type HeaderBag, headerValue } from './headers.ts';
import type { JsonText } from './json-text.ts';
import type { Message, NotificationMessage, RequestMessage } from './message.ts';
import { eraOf, META, SUPPORTED_VERSIONS } from './versions.ts';

/** What a modern request says of itself in `_meta`, and what it is about. */
export interface Envelope {
  readonly protocolVersion: string;
  /** The client's capabilities: an object. */
  readonly capabilities: JsonText;
  /** `Implementation`, when the client named itself. */
  readonly info: JsonText | undefined;
  readonly logLevel: string | undefined;
  /** Raw JSON of `_meta.progressToken`. */
  readonly progressToken: string | undefined;
  /** See {@link targetOf}. */
  readonly target: string | undefined;
}

/** A message with its era. */
export type Classified =
  | { readonly era: 'modern'; readonly message: RequestMessage; readonly envelope: Envelope }
  | { readonly era: 'modern'; readonly message: NotificationMessage; readonly envelope?: undefined }
  | {
      readonly era: 'legacy';
      /** An array is a batch, which only a session of 2025-03-26 may send. */
      readonly body: Message | Message[];
      /** What `MCP-Protocol-Version` says: a legacy revision that Forge speaks. */
      readonly protocolVersion: string | undefined;
    };

/** The severities of `notifications/message`, least severe first. */
export const LOG_LEVELS: readonly string[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency',
];

/** What the modern era has no more (2026-07-28, changelog). */
const REMOVED = new Set(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe']);

/** The member of `params` that says what a method is about; mirrored in `Mcp-Name`. */
const TARGETS: ReadonlyMap<string, string> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/** Members of `params` that decide what a call does. */
const DECISIVE: ReadonlySet<string> = new Set(['_meta', 'name', 'uri', 'taskId', 'arguments']);
const IN_ONE_CASE: ReadonlyMap<string, string> = new Map([...DECISIVE].map((name) => [inOneCase(name), name]));

/**
 * Tells the era of what a client sent, and reads a modern request's envelope.
 *
 * `headers` are `undefined` where a transport has none, as on stdio. `Mcp-Param-*` is not looked at, because the tool must
 * be known for that: see `checkParamHeaders`. Whether a legacy session's revision is `served` is for its opening to say.
 *
 * @throws ForgeError `invalid_request`, `invalid_params`, `header_mismatch`, `unsupported_version` (with `data.supported`
 * and `data.requested`), `method_not_found`.
 */
export function classify(
  headers: HeaderBag | undefined,
  body: Message | Message[],
  served: readonly string[] = SUPPORTED_VERSIONS,
): Classified {
  const version = headers && headerValue(headers, HEADER.protocolVersion);
  const isModern = version !== undefined && eraOf(version) === 'modern';
  if (Array.isArray(body)) {
    if (isModern || body.some(claimsModern)) throw new ForgeError('invalid_request', 'Batches ended with 2025-03-26');
  } else if (isModern || claimsModern(body)) {
    return classifyModern(headers, body, served);
  }
  const opens = !Array.isArray(body) && body.kind === 'request' && body.method === 'initialize';
  // `initialize` negotiates in its body, whatever the header says.
  if (version !== undefined && !opens && eraOf(version) === undefined) throw unsupportedVersion(version, served);
  return { era: 'legacy', body, protocolVersion: version };
}

/**
 * What a request is about: `params.name`, `params.uri` or `params.taskId`; `undefined` for methods without one.
 *
 * @throws ForgeError `invalid_params` when the method needs it and it is no string, or when a member that decides what
 * is called stands there twice, or in another case: to some peers that is another member, to others (Go) the same.
 */
export function targetOf(method: string, params: JsonText | undefined): string | undefined {
  checkDecisive(params);
  const name = TARGETS.get(method);
  if (name === undefined) return undefined;
  const target = params?.member(name)?.value;
  if (typeof target !== 'string') throw new ForgeError('invalid_params', `params.${name} must be a string`);
  return target;
}

/**
 * A revision that is not served where it was asked for. The message names those that are: it may be all that the user of
 * a legacy client gets to see (2026-07-28, Versioning, Backward Compatibility).
 */
export function unsupportedVersion(requested: string, served: readonly string[] = SUPPORTED_VERSIONS): ForgeError {
  // A legacy revision in a modern envelope is served, but not that way: named again, it would be tried again.
  const supported = served.filter((version) => version !== requested);
  const message = `Unsupported protocol version; served here: ${served.join(', ') || 'none'}`;
  return new ForgeError('unsupported_version', message, { data: { supported, requested } });
}

/** Raw JSON of `params._meta.progressToken`, if it is a string or a number. */
export function progressTokenOf(params: JsonText | undefined): string | undefined {
  const token = params?.member('_meta')?.member('progressToken');
  return token !== undefined && /^["\d-]/.test(token.text) ? token.text : undefined;
}

function classifyModern(headers: HeaderBag | undefined, message: Message, served: readonly string[]): Classified {
  if (message.kind === 'response') throw new ForgeError('invalid_request', 'A client must not send responses');
  if (message.kind === 'notification') {
    // The revision asks nothing of a notification's headers or `_meta`; what is there must agree.
    const claimed = metaOf(message.params)?.[META.protocolVersion];
    if (headers !== undefined && typeof claimed === 'string') checkVersionHeader(headers, claimed);
    return { era: 'modern', message };
  }
  const envelope = readEnvelope(headers, message, served);
  if (headers !== undefined) checkMethodHeaders(headers, message.method, envelope.target);
  if (REMOVED.has(message.method)) {
    throw new ForgeError('method_not_found', `${message.method} does not exist in ${envelope.protocolVersion}`);
  }
  return { era: 'modern', message, envelope };
}

function readEnvelope(
  headers: HeaderBag | undefined,
  { method, params }: RequestMessage,
  served: readonly string[],
): Envelope {
  const meta = params?.member('_meta');
  if (!meta?.isObject) throw missing('_meta', 'an object');
  const { [META.protocolVersion]: protocolVersion, [META.logLevel]: logLevel } = meta.value as Record<string, unknown>;
  if (typeof protocolVersion !== 'string') throw missing(META.protocolVersion, 'a string');
  const capabilities = meta.member(META.clientCapabilities);
  if (!capabilities?.isObject) throw missing(META.clientCapabilities, 'an object');
  const info = meta.member(META.clientInfo);
  if (info !== undefined && !info.isObject) throw missing(META.clientInfo, 'an object');
  if (logLevel !== undefined && !isLogLevel(logLevel)) throw missing(META.logLevel, 'a log level');
  if (headers !== undefined) checkVersionHeader(headers, protocolVersion);
  if (eraOf(protocolVersion) !== 'modern' || !served.includes(protocolVersion)) {
    throw unsupportedVersion(protocolVersion, served);
  }
  const progressToken = progressTokenOf(params);
  return { protocolVersion, capabilities, info, logLevel, progressToken, target: targetOf(method, params) };
}

function isLogLevel(value: unknown): value is string {
  return typeof value === 'string' && LOG_LEVELS.includes(value);
}

/** The body decides: a proxy that drops a header must not change the era. */
function claimsModern(message: Message): boolean {
  if (message.kind === 'response') return false;
  const meta = metaOf(message.params);
  return meta !== undefined && Object.hasOwn(meta, META.protocolVersion);
}

function checkDecisive(params: JsonText | undefined): void {
  const seen = new Set<string>();
  for (const name of params?.names() ?? []) {
    const decisive = DECISIVE.has(name) ? name : IN_ONE_CASE.get(inOneCase(name));
    if (decisive === undefined) continue;
    if (name !== decisive) throw new ForgeError('invalid_params', `params.${name} must be spelled "${decisive}"`);
    if (seen.has(name)) throw new ForgeError('invalid_params', `params has more than one "${name}"`);
    seen.add(name);
  }
}

/** By both cases, as there are letters with two small forms: `ſ` is an `s`, and the sign for Kelvin a `k`. */
function inOneCase(name: string): string {
  return name.toUpperCase().toLowerCase();
}

function metaOf(params: JsonText | undefined): Record<string, unknown> | undefined {
  const meta = (params?.value as { _meta?: unknown } | undefined)?._meta;
  return typeof meta === 'object' && meta !== null ? (meta as Record<string, unknown>) : undefined;
}

function missing(key: string, type: string): ForgeError {
  return new ForgeError('invalid_params', `${key} must be ${type}`);
}
