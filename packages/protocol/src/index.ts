/** @module The Model Context Protocol on the wire, in both eras, without I/O. */
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
export { type Channel, type Upstream, type UpstreamEvents, type UpstreamInfo } from './upstream.ts';
export { ERRORS, type ErrorCode, type ErrorMeaning, ForgeError, type ForgeErrorOptions } from './errors.ts';
export { JsonText, MAX_JSON_DEPTH, parseJson } from './json-text.ts';
export { errorOutcome, resultOutcome, rpcErrorOutcome, toRpcError } from './outcome.ts';
export {
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
