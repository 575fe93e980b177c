/** @module One operation made ready to be called. */
import { CallLimit, type UpstreamRecord } from '@forge/core';
import type { Outgoing, TokenSource } from '@forge/outgoing';
import { errorOutcome, type ExchangeRequest, ForgeError, type Outcome } from '@forge/protocol';
import { resultOf } from './answer/answer.ts';
import { statusResult } from './answer/errors.ts';
import { errorResult } from './answer/result.ts';
import type { RestConfig, RestOperation } from './config/operation.ts';
import type { Filters } from './filter/filter.ts';
import { isAllowedHost } from './hosts.ts';
import { ArgumentError } from './request/arguments.ts';
import { isHeaderValue } from './request/header-rules.ts';
import { compileOperation, type PreparedRequest } from './request/prepare.ts';
import type { Breaker } from './sending/breaker.ts';
import { createCredentials } from './sending/credentials.ts';
import type { CallPlan, RestCall } from './sending/rest-call.ts';
import { isRepeatable } from './sending/retry.ts';
import { DEFAULT_TIMEOUT_MS } from './single/fields.ts';

/** What the tools of an upstream share. */
export interface ToolParts {
  readonly record: UpstreamRecord;
  readonly config: RestConfig;
  readonly base: URL;
  readonly outgoing: Outgoing;
  readonly breaker: Breaker;
  readonly filters: Filters;
  readonly sources: ReadonlyMap<string, TokenSource>;
  redact(text: string): string;
  readonly timeoutMs: number;
  readonly maxRetries: number;
  readonly maxAnswerBytes: number;
  readonly userAgent: string;
  onOpened(why: string): void;
}

/** A tool. */
export interface RestTool {
  readonly plan: CallPlan;
  run(call: RestCall, request: ExchangeRequest): Promise<Outcome>;
}

/** What a filter may be given; it makes less of it. */
const MAX_FILTERED = 16_000_000;

/** Makes an operation ready. */
export function compileTool(operation: RestOperation, parts: ToolParts): RestTool {
  const { config, record, base, filters, redact } = parts;
  const maxBytes = operation.maxAnswerBytes ?? parts.maxAnswerBytes;
  const maxRead = operation.filter === undefined ? maxBytes : Math.max(maxBytes, MAX_FILTERED);
  const { allowedHosts, callsPerMinute: perMinute = 0, maxConcurrent: concurrent = 0 } = operation;
  const prepare = compileOperation(operation, base, { 'user-agent': parts.userAgent });
  const limit = perMinute + concurrent > 0 ? new CallLimit({ perMinute, concurrent }) : undefined;
  const answers = { filters, maxBytes, maxRead, hiddenQuery: hiddenNames(config, operation, base) };
  const plan: CallPlan = {
    outgoing: parts.outgoing,
    breaker: parts.breaker,
    credentials: createCredentials(operation, config, record, parts.sources),
    isRepeatable: isRepeatable(operation),
    maxRetries: parts.maxRetries,
    maxBytes: maxRead,
    timeoutMs: timeoutOf(operation, parts),
    allows: (url) => allowedHosts === undefined || isAllowedHost(allowedHosts, url),
    onOpened: (why) => parts.onOpened(why),
  };

  async function run(call: RestCall, request: PreparedRequest, authorization: string | undefined): Promise<Outcome> {
    const { answer, attempts, retryAfterMs } = await call.run(request, authorization);
    if (answer.status < 400) return resultOf(answer, operation, answers);
    return statusResult(answer, { method: operation.method, attempts, retryAfterMs, redact });
  }

  return {
    plan,
    async run(call, { params, client, headers: added }) {
      limit?.enter(performance.now()); // a refusal has no place to give back
      try {
        const prepared = prepare(params?.member('arguments'));
        if (!plan.allows(prepared.url)) {
          return errorResult(`${prepared.url.origin} is not among the hosts that this tool may reach`);
        }
        // What the operation itself sends counts more than what plugins add.
        const request = added === undefined ? prepared : { ...prepared, headers: { ...added, ...prepared.headers } };
        return await run(call, request, ownAuthorization(client.upstreamAuthorization));
      } catch (error) {
        if (error instanceof ArgumentError) return errorResult(error.message);
        return failure(ForgeError.from(error), call.attempts, redact);
      } finally {
        limit?.leave();
      }
    },
  };
}

/** The default of a tool that was registered by itself is written down with it, and must not outlast what every call may take. */
function timeoutOf({ timeoutMs: own }: RestOperation, { config, timeoutMs }: ToolParts): number {
  const isDefault = config.isSingleTool === true && own === DEFAULT_TIMEOUT_MS;
  return isDefault ? Math.min(own, timeoutMs) : (own ?? timeoutMs);
}

/** Failures of the wire are errors; what came back over it and is of no use is a result that says so. */
function failure(error: ForgeError, attempts: number, redact: (text: string) => string): Outcome {
  if (error.code === 'upstream_error') return errorResult(redact(error.message));
  if (!WIRE.has(error.code)) return errorOutcome(error);
  const { code, retryAfter } = error;
  return errorOutcome(
    new ForgeError(code, redact(error.message), {
      cause: error,
      data: { attempts },
      ...(retryAfter !== undefined && { retryAfter }),
    }),
  );
}

const WIRE: ReadonlySet<string> = new Set(['upstream_unreachable', 'upstream_timeout', 'outcome_unknown']);

function ownAuthorization(authorization: string | undefined): string | undefined {
  if (authorization === undefined || isHeaderValue(authorization)) return authorization;
  throw new ForgeError('invalid_params', 'X-Upstream-Authorization has characters that a header must not have');
}

/** Names in the query that are sent with every call anyway, and whose values may be secrets. */
function hiddenNames({ credentials = {} }: RestConfig, { query = {} }: RestOperation, base: URL): ReadonlySet<string> {
  const keys = Object.values(credentials).flatMap((one) =>
    one.type === 'apiKey' && one.in === 'query' ? one.name : [],
  );
  return new Set([...keys, ...Object.keys(query), ...base.searchParams.keys()]);
}
