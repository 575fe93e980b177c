/** @module One error type for all of Forge, and the one table that says what each code means on every wire. */

/** What a code means: to HTTP, to JSON-RPC, to whoever might try again, and whether its message may leave the process. */
export interface ErrorMeaning {
  readonly httpStatus: number;
  readonly jsonRpcCode: number;
  /** The same request may succeed later without a change. */
  readonly retryable: boolean;
  /** The message may be shown to the caller; otherwise the caller sees `title`. */
  readonly expose: boolean;
  readonly title: string;
}

const meaning = (
  httpStatus: number,
  jsonRpcCode: number,
  title: string,
  { retryable = false, expose = true }: { retryable?: boolean; expose?: boolean } = {},
): ErrorMeaning => ({ httpStatus, jsonRpcCode, retryable, expose, title });

/** Every code that Forge itself raises. Codes are stable; callers test `err.code`. */
export const ERRORS = {
  parse_error: meaning(400, -32700, 'The body is not valid JSON'),
  invalid_request: meaning(400, -32600, 'The message is not a valid request'),
  invalid_params: meaning(400, -32602, 'A parameter is missing or invalid'),
  method_not_found: meaning(404, -32601, 'The method does not exist in this revision'),
  header_mismatch: meaning(400, -32020, 'A header is missing or does not match the body'),
  missing_client_capability: meaning(400, -32021, 'The client did not declare a needed capability'),
  unsupported_version: meaning(400, -32022, 'The protocol version is not supported'),
  unauthenticated: meaning(401, -32001, 'Authentication is required'),
  forbidden: meaning(403, -32003, 'Not allowed'),
  /** `data.plugin` says by which plugin, `data.reason` why. */
  plugin_denied: meaning(403, -32003, 'A plugin denied the call'),
  origin_not_allowed: meaning(403, -32600, 'This Origin or Host is not allowed'),
  not_found: meaning(404, -32602, 'Not found'),
  session_not_found: meaning(404, -32001, 'The session does not exist or has ended; initialize again'),
  method_not_allowed: meaning(405, -32600, 'The HTTP method is not allowed here'),
  not_acceptable: meaning(406, -32600, 'The Accept header excludes every answer that can be given'),
  conflict: meaning(409, -32009, 'It conflicts with something that exists'),
  payload_too_large: meaning(413, -32600, 'The body is too large'),
  unsupported_media_type: meaning(415, -32600, 'Content-Type must be application/json'),
  validation_failed: meaning(422, -32602, 'The input is invalid'),
  upgrade_required: meaning(426, -32600, 'This path speaks WebSocket'),
  too_many_requests: meaning(429, -32010, 'Too many requests', { retryable: true }),
  cancelled: meaning(499, -32800, 'The request was cancelled'),
  upstream_error: meaning(502, -32603, 'The upstream answered with something that is not usable'),
  upstream_unreachable: meaning(502, -32603, 'The upstream cannot be reached', { retryable: true }),
  /** The call was dispatched and its connection lost: nobody knows whether it took effect, so nobody may repeat it. */
  outcome_unknown: meaning(502, -32603, 'The connection was lost after the call was sent; it may have taken effect'),
  /** A plugin did not do its part, or is not there to do it; its own words are for the log. */
  plugin_failed: meaning(500, -32603, 'A plugin failed'),
  overloaded: meaning(503, -32010, 'Too busy', { retryable: true }),
  upstream_timeout: meaning(504, -32603, 'The upstream did not answer in time'),
  not_implemented: meaning(501, -32601, 'Not available'),
  internal: meaning(500, -32603, 'Internal error', { expose: false }),
} as const satisfies Record<string, ErrorMeaning>;

/** A stable error code. */
export type ErrorCode = keyof typeof ERRORS;

/** Extras of a {@link ForgeError}. */
export interface ForgeErrorOptions {
  /** For the log; never on the wire. */
  cause?: unknown;
  /** Structured facts for the caller: JSON-RPC `error.data`, `error.details` in REST. */
  data?: Record<string, unknown>;
  /** Seconds after which trying again makes sense; sent as `Retry-After`. */
  retryAfter?: number;
}

/**
 * The error that crosses Forge's own boundaries.
 *
 * @example
 * throw new ForgeError('not_found', `No server has the id "${id}"`);
 */
export class ForgeError extends Error {
  readonly code: ErrorCode;
  /** Short id that the log and the wire share. */
  readonly id: string;
  readonly data: Record<string, unknown> | undefined;
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, message?: string, options: ForgeErrorOptions = {}) {
    super(message ?? ERRORS[code].title, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ForgeError';
    this.code = code;
    this.id = shortId();
    this.data = options.data;
    this.retryAfter = options.retryAfter;
  }

  get meaning(): ErrorMeaning {
    return ERRORS[this.code];
  }

  /** What the caller may read. */
  get publicMessage(): string {
    return this.meaning.expose ? this.message : `${this.meaning.title} (${this.id})`;
  }

  /** Whatever was thrown, as a ForgeError; used once, at the boundary. */
  static from(thrown: unknown): ForgeError {
    if (thrown instanceof ForgeError) return thrown;
    return new ForgeError('internal', thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
  }
}

let counter = 0;
const seed = Math.floor(Math.random() * 36 ** 4);

/** Short ids tell errors of one process apart; they are not secrets. */
function shortId(): string {
  counter = (counter + 1) % 36 ** 4;
  return (seed * 36 ** 4 + counter).toString(36).padStart(8, '0');
}
