/** @module The way out: whom to trust, through which proxy, and fresh connections after the machine has slept. */
import * as tls from 'node:tls';
import type { Connections, ConnectionsFactory } from '@forge/transport-http';
import { Agent, type Dispatcher, EnvHttpProxyAgent, Pool, ProxyAgent } from 'undici';
import type { Env } from './headers.ts';

/** What decides about the way. */
export interface NetworkOptions {
  /** PEM certificates to trust besides those that Node trusts. */
  readonly ca: string | undefined;
  /** Absent: what the environment says. */
  readonly proxy: URL | 'none' | undefined;
  readonly env: Env;
}

/** How connections are made. */
export interface Network {
  /** Connections to one origin. */
  readonly connections: ConnectionsFactory;
  /** For single requests, such as those of a login. */
  readonly dispatcher: () => Dispatcher;
  /** Options of TLS that say whom to trust. */
  readonly trusted: { readonly ca?: string[] };
  /** Whether a proxy is in between. */
  isProxied(url: URL): boolean;
  /** Gives up every connection: those that the other side may have forgotten must not take a call. */
  renew(): void;
}

/** This machine: a proxy from the environment is not for it. */
const LOCAL = 'localhost,127.0.0.1,[::1],::1';

/** A network; nothing is connected yet. */
export function createNetwork({ ca, proxy, env }: NetworkOptions): Network {
  const trusted = ca === undefined ? {} : { ca: [...defaultCertificates(), ca] };
  const kept = new Set<Renewable>();
  let single: Dispatcher | undefined;

  function create(origin: string | undefined, connections: number | null, timeout: number): Dispatcher {
    const connect = { ...trusted, timeout };
    const throughProxy = { connections, connect, requestTls: connect, proxyTls: connect };
    if (proxy instanceof URL) return new ProxyAgent({ ...throughProxy, uri: proxy.href });
    if (proxy === undefined && hasProxy(env)) {
      const noProxy = [env['NO_PROXY'] ?? env['no_proxy'] ?? '', LOCAL].join(',');
      return new EnvHttpProxyAgent({ ...throughProxy, noProxy });
    }
    return origin === undefined ? new Agent({ connections, connect }) : new Pool(origin, { connections, connect });
  }

  return {
    connections(origin, { connections, connectTimeoutMs }) {
      const make = (): Dispatcher => create(origin, connections, connectTimeoutMs);
      const renewable = new Renewable(make, connections === null, (gone) => kept.delete(gone));
      kept.add(renewable);
      return renewable;
    },
    dispatcher: () => (single ??= create(undefined, 4, 10_000)),
    trusted,
    isProxied: ({ hostname }) =>
      proxy instanceof URL || (proxy === undefined && hasProxy(env) && !LOCAL.split(',').includes(hostname)),
    renew() {
      for (const renewable of kept) renewable.renew();
      void single?.close();
      single = undefined;
    },
  };
}

/** Connections that can be exchanged for new ones. Calls on the old ones may end; streams are cut, and come back. */
class Renewable implements Connections {
  readonly #create: () => Dispatcher;
  readonly #isStreams: boolean;
  readonly #onGone: (gone: Renewable) => void;
  #current: Dispatcher;

  constructor(create: () => Dispatcher, isStreams: boolean, onGone: (gone: Renewable) => void) {
    this.#create = create;
    this.#isStreams = isStreams;
    this.#onGone = onGone;
    this.#current = create();
  }

  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#current.dispatch(options, handler);
  }

  renew(): void {
    void (this.#isStreams ? this.#current.destroy() : this.#current.close());
    this.#current = this.#create();
  }

  close(): Promise<void> {
    this.#onGone(this);
    return this.#current.close();
  }

  destroy(): Promise<void> {
    this.#onGone(this);
    return this.#current.destroy();
  }
}

function hasProxy(env: Env): boolean {
  return ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].some((name) => (env[name] ?? '') !== '');
}

/** With the certificates of NODE_EXTRA_CA_CERTS where this Node can tell (22.15). */
function defaultCertificates(): readonly string[] {
  const { getCACertificates, rootCertificates } = tls as Partial<Pick<typeof tls, 'getCACertificates'>> & typeof tls;
  return getCACertificates?.('default') ?? rootCertificates;
}
