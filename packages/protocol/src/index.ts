/** @module The Model Context Protocol on the wire, in both eras, without I/O. */
export { Bytes } from './bytes.ts';
export {
  type Caller,
  type Client,
  type Ask,
  type Answer,
  type Exchange,
  type ExchangeRequest,
  type Outcome,
  type ParamHeader,
  type RpcError,
} from './exchange.ts';
export { type Endpoint, type Listener, type Listening, type ListenFilter, type ServerDescription } from './endpoint.ts';
export { type Channel, type TokenUsage, type Upstream, type UpstreamEvents, type UpstreamInfo } from './upstream.ts';
export { ERRORS, type ErrorCode, type ErrorMeaning, ForgeError, type ForgeErrorOptions } from './errors.ts';
export { endOfString, JsonText, MAX_JSON_DEPTH, parseJson } from './json-text.ts';
export { admit, type AdmissionOptions, upstreamAuthorization } from './admission.ts';
export { type Refusal, refusalOf } from './refusal.ts';
export { type ChannelEdge, type ChannelOptions, serveChannel } from './edge-channel.ts';
export { createHttpEdge, type HttpEdge, type HttpEdgeOptions, type HttpRequestIn } from './edge-http.ts';
export { createStatelessEdge } from './edge-stateless.ts';
export { type SessionMemory, type SessionState } from './legacy-session-memory.ts';
export { digestOf } from './seal.ts';
export { type Reply, replyError, serverClosed } from './reply.ts';
export {
  formatError,
  formatNotification,
  formatRequest,
  formatResult,
  MAX_BATCH,
  type Message,
  type NotificationMessage,
  peekId,
  readBody,
  readMessage,
  readUpstreamBody,
  type RequestMessage,
  type ResponseMessage,
} from './message.ts';
export {
  type Classified,
  classify,
  type Envelope,
  LOG_LEVELS,
  progressTokenOf,
  targetOf,
  unsupportedVersion,
} from './classify.ts';
export {
  accepts,
  checkMethodHeaders,
  checkParamHeaders,
  checkVersionHeader,
  decodeHeaderValue,
  encodeHeaderValue,
  HEADER,
  type HeaderBag,
  headerValue,
  isJsonContentType,
  modernHeaders,
  readParamHeaders,
} from './headers.ts';
export { createSseDecoder, encodeEvent, type SseDecoder, type SseEvent, type SseEventInit } from './sse.ts';
export {
  toLegacy,
  toLegacyCapabilities,
  toLegacyTool,
  toModern,
  toModernCapabilities,
  toModernTool,
} from './shapes.ts';
export {
  carriedCapabilities,
  forCaller,
  legacyAffinity,
  type LegacyAffinity,
  legacyParams,
  type ModernHop,
  modernParams,
  nextLogLevel,
  SHARED,
} from './outgoing.ts';
export {
  discoverParams,
  type InitializeAnswer,
  initializeParams,
  legacyReason,
  type ProbeVerdict,
  readInitialize,
  readProbe,
} from './era-probe.ts';
export { createDeadlines, type Deadlines, type Timed } from './rpc-link-deadlines.ts';
export { createInbox, deliverChange, type Inbox, type InboxCall, type InboxOptions } from './rpc-link-inbox.ts';
export { cancelledParams, hopOutcome, type OwnRequest } from './rpc-link.ts';
export {
  createSessionPool,
  type PooledSession,
  type SessionPool,
  type SessionPoolOptions,
} from './rpc-link-sessions.ts';
export { createListenWatch, createSubscribeWatch, type Watch, type WatchOptions } from './rpc-link-watch.ts';
export { type ChannelUpstreamOptions, createChannelUpstream } from './channel-upstream.ts';
export {
  createCredentialedUpstream,
  type CredentialedUpstream,
  type CredentialedUpstreamOptions,
} from './credentialed-upstream.ts';
export { passingExtensions, refusalToAsk } from './capabilities.ts';
export { createRelay, type Relay, type RelayOptions } from './relay.ts';
export { errorOutcome, ownCode, resultOutcome, rpcErrorOutcome, toRpcError } from './outcome.ts';
export {
  agreedLegacy,
  ASSUMED_LEGACY,
  type Era,
  eraOf,
  LATEST_LEGACY,
  LATEST_MODERN,
  LEGACY_VERSIONS,
  META,
  MODERN_VERSIONS,
  SUPPORTED_VERSIONS,
} from './versions.ts';
export { type Enlisted, Roster } from './roster.ts';
export { createRounds, type Rounds } from './rounds.ts';
export { listToolNames, NOBODY, ownRequest } from './own-request.ts';
export { declaresTasks, isTask, needsTasks, takesTasks, TASK_METHODS, TASKS_EXTENSION } from './tasks.ts';
