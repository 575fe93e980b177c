/** @module A2A over gRPC by the official SDK, to hosts that may be called only. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { AgentCard } from '@a2a-js/sdk';
import type { Transport, TransportFactory } from '@a2a-js/sdk/client';
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc';
import { ForgeError } from '@forge/protocol';
import { credentials, experimental, status } from '@grpc/grpc-js';
import { bare, refusedHost } from '../http/guarded-connector.ts';

type Refuses = (host: string) => boolean;

/** Schemes by what they refuse: gRPC knows resolvers by their schemes alone. */
const schemes = new Map<Refuses, string>();

/** A factory for the SDK's client, and the end of what it made. */
export function connectGrpc(refuses: Refuses): { readonly factory: TransportFactory; close(): void } {
  const made: Transport[] = [];
  return {
    factory: {
      protocolName: 'GRPC',
      async create(url: string, card: AgentCard) {
        const { host, isSecure } = targetOf(url);
        const grpcChannelCredentials = isSecure ? credentials.createSsl() : credentials.createInsecure();
        const inner = new GrpcTransportFactory({ grpcChannelCredentials, legacyCompat: { enabled: true } });
        const transport = await inner.create(`${schemeOf(refuses)}:${host}`, card);
        made.push(transport);
        return transport;
      },
    },
    close() {
      // The SDK has no way to close a transport; without it, its connections would stay.
      for (const transport of made) (transport as { grpcClient?: { close(): void } }).grpcClient?.close();
    },
  };
}

/** Cards name gRPC endpoints by URL or by `host:port`. Plain text is for `http:` and for this machine alone. */
export function targetOf(url: string): { readonly host: string; readonly isSecure: boolean } {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(url);
  const href = hasScheme ? url : `grpc://${url}`;
  if (!URL.canParse(href)) throw new ForgeError('upstream_error', `The agent's gRPC endpoint is no address: ${url}`);
  const { protocol, hostname, port } = new URL(href);
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  const isSecure = !(protocol === 'http:' || (!hasScheme && isLocal));
  return { host: `${hostname}:${port || (isSecure ? '443' : '80')}`, isSecure };
}

function schemeOf(refuses: Refuses): string {
  const known = schemes.get(refuses);
  if (known !== undefined) return known;
  const scheme = `forge-guarded-${schemes.size}`;
  schemes.set(refuses, scheme);
  experimental.registerResolver(scheme, resolverFor(refuses));
  return scheme;
}

/** Resolves names anew with each connection, and refuses what must not be called. */
function resolverFor(refuses: Refuses) {
  return class GuardedResolver implements experimental.Resolver {
    readonly #listener: experimental.ResolverListener;
    readonly #path: string;
    #destroyed = false;

    static getDefaultAuthority(target: experimental.GrpcUri): string {
      return target.path;
    }

    constructor(target: experimental.GrpcUri, listener: experimental.ResolverListener) {
      this.#listener = listener;
      this.#path = target.path;
    }

    updateResolution(): void {
      this.#destroyed = false;
      void this.#report();
    }

    destroy(): void {
      this.#destroyed = true;
    }

    async #report(): Promise<void> {
      const endpoints = await this.#resolve();
      if (!this.#destroyed) this.#listener(endpoints, {}, null, '');
    }

    async #resolve(): Promise<experimental.StatusOr<experimental.Endpoint[]>> {
      const { host, port = 443 } = experimental.splitHostPort(this.#path) ?? { host: this.#path };
      try {
        const addresses = isIP(bare(host)) === 0 ? await lookup(host, { all: true }) : [{ address: bare(host) }];
        if (refuses(bare(host)) || addresses.some(({ address }) => refuses(address))) throw refusedHost();
        return experimental.statusOrFromValue(
          addresses.map(({ address }) => ({ addresses: [{ host: address, port }] })),
        );
      } catch (error) {
        const details = `Name resolution failed: ${(error as Error).message}`;
        return experimental.statusOrFromError({ code: status.UNAVAILABLE, details });
      }
    }
  };
}
