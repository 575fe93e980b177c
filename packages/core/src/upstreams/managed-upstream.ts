/** @module One live upstream: its connection, its health, and the way back after it was lost. */
import {
  type ErrorCode,
  errorOutcome,
  type Exchange,
  type ExchangeRequest,
  forCaller,
  ForgeError,
  type Outcome,
  type Upstream,
  type UpstreamInfo,
  ownRequest,
  ownCode,
  NOBODY,
} from '@forge/protocol';
import type { UpstreamRecord } from '../contracts/model.ts';
import type { Discovered, UpstreamStatus } from '../contracts/upstream-pool.ts';
import { discover } from './discover.ts';
import { after } from './timer.ts';

/** How patient Forge is with an upstream. */
export interface HealthOptions {
  /** Failed attempts in a row after which its items leave the lists. @default 3 */
  readonly unhealthyThreshold: number;
  /** Milliseconds before the first new attempt; doubles with each. @default 250 */
  readonly retryMs: number;
  /** Longest pause between attempts in ms. @default 15000 */
  readonly maxRetryMs: number;
  /** Silence in ms after which a connected upstream is pinged. @default 60000 */
  readonly checkIntervalMs: number;
  /** Milliseconds after which a server that was found to be a legacy one is asked for its era again. @default 86400000 */
  readonly eraIntervalMs: number;
}

/** What a managed upstream tells its pool. */
export interface ManagedHooks {
  /** Its lists were read anew. */
  listsRead(discovered: Discovered): Promise<{ readonly changed: boolean }>;
  /** Its items left or rejoined the lists, or `listTtlMs` has changed. */
  availabilityChanged(): void;
}

/** One live upstream. */
export interface ManagedUpstream {
  readonly record: UpstreamRecord;
  readonly upstream: Upstream;
  readonly info: UpstreamInfo | undefined;
  /** How long its lists may be remembered by its own word, in ms. */
  readonly listTtlMs: number | undefined;
  /** Connects and reads the lists; concurrent callers share one attempt. @throws ForgeError upstream_* */
  refresh(): Promise<Discovered>;
  /** Connects and refreshes in the background, again and again until it works. */
  start(): void;
  /** The lists may have changed: reads them soon, once for many. */
  listChanged(): void;
  /** The connection is gone: reconnects. */
  lost(error: Error): void;
  /** Asks a legacy server for its era once more; what that finds out is known after the next refresh. */
  lookAgain(): Promise<void>;
  /** Pings it if it was silent for too long, and looks again at a verdict on its era that is old. */
  check(): void;
  call(request: ExchangeRequest, exchange: Exchange): Promise<Outcome>;
  /** Tries an upstream that is out once more, if it was not tried just now. @throws ForgeError `upstream_unreachable` */
  recover(): Promise<void>;
  /** Since when and why its items are out of the lists, as callers may read it; `undefined` while they are in. */
  outage(): { since: number; message: string } | undefined;
  status(): UpstreamStatus;
  close(): Promise<void>;
}

/** Codes of outcomes that say something about the wire, not about the call. */
const WIRE_CODES: ReadonlySet<ErrorCode> = new Set([
  'upstream_unreachable',
  'upstream_timeout',
  'outcome_unknown',
  'upstream_error',
]);
/** A call to an upstream that is out tries it again, but not more often than this. */
const CALL_RETRY_MS = 1000;
/** Changes of lists that come in a burst are read once. */
const DEBOUNCE_MS = 50;
/** An upstream that reports changes where there are none is believed later each time: after at most 50 ms * 2^8. */
const MAX_FALSE_ALARMS = 8;

/** Wraps `upstream`; nothing happens before `start`, `refresh` or `call`. */
export function manageUpstream(
  record: UpstreamRecord,
  upstream: Upstream,
  hooks: ManagedHooks,
  health: HealthOptions,
): ManagedUpstream {
  let info: UpstreamInfo | undefined;
  let detectedAt: number | undefined;
  let askedAt = 0;
  let listTtlMs: number | undefined;
  let lastSeen: number | undefined;
  let failures = 0;
  let failedSince: number | undefined;
  let stateSince = Date.now();
  let lastError: ForgeError | undefined;
  let lastAttempt = 0;
  let nextAttemptAt: number | undefined;
  let attempt: Promise<Discovered> | undefined;
  let cancelRetry: (() => void) | undefined;
  let cancelDebounce: (() => void) | undefined;
  let falseAlarms = 0;
  let started = false;
  let closed = false;
  let checking = false;

  const isOut = (): boolean => failures >= health.unhealthyThreshold;

  async function readOnce(): Promise<Discovered> {
    lastAttempt = Date.now();
    try {
      const discovered = await discover(upstream);
      succeeded(discovered);
      return discovered;
    } catch (error) {
      failed(ForgeError.from(error));
      throw error;
    }
  }

  function refresh(): Promise<Discovered> {
    attempt ??= readOnce().finally(() => {
      attempt = undefined;
    });
    return attempt;
  }

  function succeeded({ info: found, ttlMs }: Discovered): void {
    const concernsLists = isOut() || ttlMs !== listTtlMs;
    listTtlMs = ttlMs;
    if (failures > 0 || info === undefined) stateSince = Date.now();
    if (info !== found) detectedAt = askedAt = Date.now();
    info = found;
    failures = 0;
    failedSince = undefined;
    lastError = undefined;
    nextAttemptAt = undefined;
    lastSeen = Date.now();
    cancelRetry?.();
    cancelRetry = undefined;
    if (concernsLists) hooks.availabilityChanged();
  }

  function failed(error: ForgeError): void {
    const wasOut = isOut();
    failures += 1;
    failedSince ??= Date.now();
    lastError = error;
    if (isOut() && !wasOut) {
      stateSince = Date.now();
      hooks.availabilityChanged();
    }
    retryLater();
  }

  function retryLater(): void {
    if (closed || !started) return;
    cancelRetry?.();
    const pause = Math.min(health.retryMs * 2 ** Math.min(failures - 1, 16), health.maxRetryMs);
    const jittered = pause * (0.75 + Math.random() * 0.5);
    nextAttemptAt = Date.now() + jittered;
    cancelRetry = after(jittered, readInBackground);
  }

  /** What fails here is kept in the status and tried again; nobody waits for it. */
  function readInBackground(alarmed = false): void {
    if (closed) return;
    readAndStore(alarmed).catch((error: unknown) => {
      lastError = ForgeError.from(error);
    });
  }

  async function readAndStore(alarmed: boolean): Promise<void> {
    const { changed } = await hooks.listsRead(await refresh());
    if (changed) falseAlarms = 0;
    else if (alarmed) falseAlarms = Math.min(falseAlarms + 1, MAX_FALSE_ALARMS);
  }

  /** A legacy server that has learnt the modern era goes on working as it did, and says nothing. */
  async function lookAgain(): Promise<void> {
    const verdict = info;
    if (verdict?.era !== 'legacy' || upstream.lookAgain === undefined) return;
    askedAt = Date.now();
    try {
      await upstream.lookAgain();
      if (info === verdict) detectedAt = Date.now();
    } catch {
      return; // no evidence: the verdict stands, and what is wrong with the server shows in its pings and calls
    }
  }

  function noteOutcome(outcome: Outcome): Outcome {
    if (closed && outcome.error !== undefined && ownCode(outcome.error) === 'cancelled') return closedUnder();
    if (outcome.error === undefined || !isWireFailure(outcome)) lastSeen = Date.now();
    else if (started && attempt === undefined && cancelRetry === undefined) readInBackground();
    return outcome;
  }

  /** Its client has cancelled nothing, so it must not be told that. */
  function closedUnder(): Outcome {
    const why = `The gateway "${record.name}" was changed, disabled or removed before the call ended; it may have taken effect`;
    return errorOutcome(new ForgeError('outcome_unknown', why));
  }

  async function recover(): Promise<void> {
    if (attempt !== undefined || Date.now() - lastAttempt >= CALL_RETRY_MS) {
      readInBackground();
      await attempt?.catch(() => undefined); // the outage below says why
    }
    if (isOut()) throw unreachable();
  }

  function unreachable(): ForgeError {
    const since = new Date(failedSince ?? stateSince).toISOString();
    return new ForgeError(
      'upstream_unreachable',
      `The gateway "${record.name}" has been unreachable since ${since}: ${reasonForCallers()}`,
      { data: { gateway: record.name, since }, retryAfter: retryAfterSeconds() },
    );
  }

  function reasonForCallers(): string {
    return lastError === undefined ? 'unknown reason' : ForgeError.from(forCaller(lastError)).publicMessage;
  }

  function retryAfterSeconds(): number {
    return Math.max(1, Math.ceil(((nextAttemptAt ?? Date.now()) - Date.now()) / 1000));
  }

  return {
    record,
    upstream,
    get info() {
      return info;
    },
    get listTtlMs() {
      return listTtlMs;
    },
    refresh,
    start() {
      started = true;
      if (info === undefined && attempt === undefined) readInBackground();
      else if (failures > 0) retryLater();
    },
    listChanged() {
      cancelDebounce ??= after(DEBOUNCE_MS * 2 ** falseAlarms, () => {
        cancelDebounce = undefined;
        readInBackground(true);
      });
    },
    lost(error) {
      if (closed) return;
      lastError = ForgeError.from(error);
      if (started && attempt === undefined) {
        cancelRetry?.();
        cancelRetry = after(health.retryMs / 4, readInBackground);
      }
    },
    lookAgain,
    check() {
      if (failures === 0 && Date.now() - askedAt >= health.eraIntervalMs) void lookAgain();
      const silent = Date.now() - (lastSeen ?? 0) >= health.checkIntervalMs;
      if (checking || closed || info === undefined || failures > 0 || !silent) return;
      checking = true;
      void upstream
        .call(ownRequest(info.era === 'legacy' ? 'ping' : 'server/discover'), NOBODY)
        .then(noteOutcome)
        .finally(() => {
          checking = false;
        });
    },
    call(request, exchange) {
      if (!isOut()) return upstream.call(request, exchange).then(noteOutcome);
      return recover().then(() => upstream.call(request, exchange).then(noteOutcome), errorOutcome);
    },
    recover,
    outage() {
      return isOut() ? { since: failedSince ?? stateSince, message: reasonForCallers() } : undefined;
    },
    status() {
      const state = isOut() ? 'unreachable' : info === undefined || failures > 0 ? 'pending' : 'connected';
      return {
        state,
        since: failedSince ?? stateSince,
        era: info?.era,
        protocolVersion: info?.protocolVersion,
        transport: info?.transport,
        reason: info?.reason,
        detectedAt,
        lastSeen,
        error: lastError && { code: lastError.code, message: lastError.publicMessage, failures, nextAttemptAt },
        serverInfo: info?.description.serverInfo.value,
        capabilities: info?.description.capabilities.value,
        instructions: info?.description.instructions,
      };
    },
    async close() {
      closed = true;
      cancelRetry?.();
      cancelDebounce?.();
      await upstream.close();
    },
  };
}

function isWireFailure(outcome: Outcome): boolean {
  const code = outcome.error && ownCode(outcome.error);
  return code !== undefined && WIRE_CODES.has(code);
}
