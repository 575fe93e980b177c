/**
 * @module Waits for an upstream that is down at the start, so that a restart of the gateway does not show a desktop client
 * a dead server.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { ForgeError, type UpstreamInfo } from '@forge/protocol';

/** What to wait for, and how long. */
export interface PatienceOptions {
  /** One attempt. */
  readonly connect: () => Promise<UpstreamInfo>;
  readonly timeoutMs: number;
  /** Somebody is logging in at the moment: that time does not count. */
  readonly isPaused: () => boolean;
  /** Ends the waiting. */
  readonly signal: AbortSignal;
  /** Called once per waiting, with why the first attempt failed. */
  readonly onWait: (error: ForgeError) => void;
}

const FIRST_MS = 200;
const LONGEST_MS = 3000;

/**
 * Connects, again and again where trying again can help, until the time is up.
 *
 * @throws ForgeError the last attempt's, or `cancelled`
 */
export async function connectPatiently(options: PatienceOptions): Promise<UpstreamInfo> {
  const { signal } = options;
  if (signal.aborted) throw ending();
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => (onAbort = () => reject(ending())));
  signal.addEventListener('abort', onAbort);
  try {
    return await Promise.race([attempts(options), aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function attempts({ connect, timeoutMs, isPaused, signal, onWait }: PatienceOptions): Promise<UpstreamInfo> {
  let deadline = Date.now() + timeoutMs;
  let waitMs = FIRST_MS;
  for (;;) {
    try {
      return await connect();
    } catch (thrown) {
      const error = ForgeError.from(thrown);
      if (isPaused()) deadline = Date.now() + timeoutMs;
      if (!mayPass(error) || Date.now() + waitMs > deadline || signal.aborted) throw error;
      if (waitMs === FIRST_MS) onWait(error);
      await delay(waitMs, undefined, { signal });
      waitMs = Math.min(waitMs * 2, LONGEST_MS);
    }
  }
}

/** Whether the reason is one that goes away by itself. */
function mayPass({ code, data, cause }: ForgeError): boolean {
  const reason = String((cause as { readonly code?: unknown } | undefined)?.code);
  if (/CERT|SELF_SIGNED|ERR_TLS|ERR_SSL/.test(reason)) return false;
  if (code === 'upstream_unreachable' || code === 'upstream_timeout' || code === 'outcome_unknown') return true;
  const status = Number(data?.['httpStatus']);
  return status >= 500 || status === 429;
}

function ending(): ForgeError {
  return new ForgeError('cancelled', 'The wrapper is ending');
}
