/** @module The channel of one client: with a legacy session on it, or for modern requests. */
import { type InitializeAnswer, initializeParams, readInitialize } from './era-probe.ts';
import type { Client, Exchange, ExchangeRequest, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { type LegacyAffinity, legacyParams, nextLogLevel } from './outgoing.ts';
import type { PooledSession } from './rpc-link-sessions.ts';
import type { RpcLink } from './rpc-link.ts';

/** A channel that serves one client, or several who share it. */
export interface OwnChannel extends PooledSession {
  /** Sends a client's request. Never rejects. */
  call(request: ExchangeRequest, exchange: Exchange): Promise<Outcome>;
  /** Passes on a client's notification. Absent: the modern era has none. */
  notify?(method: string, params: JsonText | undefined): void;
}

/** One initialized channel. */
export interface ChannelSession extends InitializeAnswer, OwnChannel {}

/** A channel that needs no opening words. */
export function ownChannel(link: RpcLink, callOn: (link: RpcLink) => OwnChannel['call']): OwnChannel {
  return {
    get idle() {
      return link.idle;
    },
    get closed() {
      return link.closed;
    },
    call: callOn(link),
    close: () => link.close(),
  };
}

/**
 * Initializes a channel; when that fails, closes it.
 *
 * @throws ForgeError what the link says, or `upstream_error` when the answer is none.
 */
export async function initializeChannel(
  link: RpcLink,
  affinity: LegacyAffinity,
  clientInfo: JsonText,
): Promise<ChannelSession> {
  try {
    const answer = await link.request('initialize', initializeParams(affinity.capabilities, clientInfo)).answer;
    const introduced = readInitialize(answer);
    link.notify('notifications/initialized');
    return channelSession(link, introduced, affinity.sessionId === undefined);
  } catch (error) {
    await link.close();
    throw error;
  }
}

function channelSession(link: RpcLink, introduced: InitializeAnswer, isShared: boolean): ChannelSession {
  const logs = introduced.description.capabilities.member('logging') !== undefined;
  let logLevel: string | undefined;

  function setLogLevel(client: Client): void {
    const level = nextLogLevel(logLevel, client);
    if (level === undefined) return;
    logLevel = level;
    link.request('logging/setLevel', JsonText.of({ level })).answer.catch(ignore);
  }

  return {
    ...introduced,
    get idle() {
      return link.idle;
    },
    get closed() {
      return link.closed;
    },
    // On a wire that does not say whose a question is, it is the only call's: while one waits, the wire is its own.
    get leased() {
      return isShared && link.asking;
    },
    call(request, exchange) {
      if (logs) setLogLevel(request.client);
      return link.call('legacy', request, exchange, legacyParams);
    },
    notify: (method, params) => link.notify(method, params),
    close: () => link.close(),
  };
}

function ignore(): void {
  // the session ended; the calls on it say so
}
