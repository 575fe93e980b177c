/** @module One remote server as an endpoint for a client on this machine: waits for it, logs in, shows what it should. */
import {
  createRelay,
  type Endpoint,
  ForgeError,
  type ServerDescription,
  JsonText,
  type Upstream,
  type UpstreamInfo,
} from '@forge/protocol';
import { type CredentialSource, httpUpstream } from '@forge/transport-http';
import type { wsUpstream } from '@forge/transport-ws';
import type { Log } from './log.ts';
import type { Network } from './network.ts';
import { connectPatiently } from './patience.ts';
import type { Settings } from './settings.ts';
import { toolFilter, withTools } from './tool-filter.ts';
import { packageVersion } from './version.ts';

/** What a wrapper needs besides its settings. */
export interface WrapperParts {
  readonly network: Network;
  readonly log: Log;
  /** Calls a server on WebSocket; without it, the URL must be one of http or https. */
  readonly wsUpstream?: typeof wsUpstream | undefined;
  /** Where the credential comes from, when it is not given. */
  readonly login?: (CredentialSource & { readonly isBusy: boolean }) | undefined;
}

/** A remote server, ready to be served. Nothing is connected before it is asked for. */
export interface Wrapper {
  readonly endpoint: Endpoint;
  readonly upstream: Upstream;
  /** Ends all waiting with an error; `close` follows. */
  stop(): void;
  close(): Promise<void>;
}

/**
 * Puts the parts together.
 *
 * @throws ForgeError `invalid_params` when a header cannot be sent
 *
 * @example
 * const wrapper = createWrapper(settings, { network, log });
 * const edge = serveChannel(wrapper.endpoint, processChannel(), { caller: { id: 'local' } });
 */
export function createWrapper(settings: Settings, parts: WrapperParts): Wrapper {
  const { network, log, login } = parts;
  const stopping = new AbortController();
  let found: UpstreamInfo | undefined;
  const relay = createRelay(
    (events) => {
      const { url, headers, era, transport, callTimeoutMs: requestTimeoutMs } = settings;
      const clientInfo = JsonText.of({ name: 'forge-wrapper', version: packageVersion() });
      const shared = { url, headers, era, requestTimeoutMs, events, clientInfo };
      if (parts.wsUpstream !== undefined) return parts.wsUpstream({ ...shared, ca: network.trusted.ca });
      return httpUpstream({ ...shared, transport, credentials: login, connections: network.connections });
    },
    { key: 'wrapper', onLost: (error) => log('warning', `${error.message}. It will be connected again.`) },
  );
  const { upstream } = relay;

  async function reach(): Promise<UpstreamInfo> {
    const info = await connectPatiently({
      connect: () => upstream.connect(),
      timeoutMs: settings.connectTimeoutMs,
      isPaused: () => login?.isBusy === true,
      signal: stopping.signal,
      onWait: (error) => log('warning', `${error.message}. Trying for ${settings.connectTimeoutMs / 1000} s.`),
    }).catch((error: unknown) => {
      throw unreachable(settings.url, ForgeError.from(error));
    });
    if (info !== found)
      log(
        'info',
        `Connected to ${settings.url.origin}: MCP ${info.protocolVersion} over ${info.transport}. ${info.reason}.`,
      );
    found = info;
    return info;
  }

  const whole: Endpoint = {
    ...relay,
    describe: async (): Promise<ServerDescription> => (await reach()).description,
    async handle(request, exchange) {
      // Who speaks the modern era may call before it has asked for anything.
      if (found === undefined) await reach().catch(() => undefined); // the call itself says what is wrong
      return relay.handle(request, exchange);
    },
  };
  return {
    endpoint: settings.tools.length === 0 ? whole : withTools(whole, toolFilter(settings.tools)),
    upstream,
    stop: () => stopping.abort(),
    close: () => upstream.close(),
  };
}

/** Its user is the operator here, so the reason may be told. */
function unreachable(url: URL, error: ForgeError): ForgeError {
  const { code, message, data } = error;
  if (code === 'cancelled') return error;
  return new ForgeError(code, `${url.origin} cannot be used: ${message}`, { cause: error, ...(data && { data }) });
}
