/** @module Finds connections that are dead without having been closed (gRFC A8): one that is silent during calls is pinged. */
import type { ClientHttp2Session } from 'node:http2';

/** Watches over a connection. */
export interface KeepAlive {
  /** Something was heard of the server. */
  heard(): void;
  /** There are calls now. */
  begin(): void;
  /** There are none any more. */
  end(): void;
}

/** How long silence may last during calls, and then the answer to a ping, in ms. */
export interface Patience {
  readonly keepAliveMs: number;
  /** @default 20000 */
  readonly pingTimeoutMs?: number;
}

/** `dead` is called when a ping is not answered. */
export function createKeepAlive(
  session: ClientHttp2Session,
  { keepAliveMs, pingTimeoutMs = 20_000 }: Patience,
  dead: () => void,
): KeepAlive {
  let heardAt = performance.now();
  let hasCalls = false;
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    timer = undefined;
    if (!hasCalls || session.destroyed) return;
    const left = heardAt + keepAliveMs - performance.now();
    if (left > 0) timer = setTimeout(look, Math.ceil(left)).unref();
    else ping();
  }

  function ping(): void {
    timer = setTimeout(dead, pingTimeoutMs).unref();
    const isSent = session.ping((error) => {
      clearTimeout(timer);
      if (error !== null) return dead();
      heardAt = performance.now();
      look();
    });
    if (isSent) return;
    clearTimeout(timer);
    dead();
  }

  return {
    heard() {
      heardAt = performance.now();
    },
    begin() {
      hasCalls = true;
      if (timer === undefined) look(); // a connection that was idle for long is pinged at once
    },
    end() {
      hasCalls = false; // the timer finds out: calls may come and go quickly
    },
  };
}
