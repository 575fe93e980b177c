/** @module A2A over gRPC by the official SDK, to hosts that may be called only. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { AgentCard } from '@a2a-js/sdk';
import type { Transport, TransportFactory } from '@a2a-js/sdk/client';
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc';
import { refusedHost, type TokenSource } from '@forge/outgoing';
import { ForgeError } from '@forge/protocol';
import { credentials, experimental, status } from '@grpc/grpc-js';
import { grpcTarget } from './choose-interface.ts';
import { weightOf } from '../weight.ts';
import { withToken } from './with-token.ts';

type Refuses = (host: string) => boolean;

/** Schemes by what they refuse: gRPC knows resolvers by their schemes alone. */
const schemes = new Map<Refuses, string>();

/** Names are not looked up more often than this, in ms. */
const RESOLVE_MS = 1000;

/** A factory for the SDK's client, whose streams may have so many bytes, and the end of what it made. */
export function connectGrpc(
  refuses: Refuses,
  maxBytes: number,
  tokens?: TokenSource,
): { readonly factory: TransportFactory; close(): void } {
  const made: Transport[] = [];
  return {
    factory: {
      protocolName: 'GRPC',
      async create(url: string, card: AgentCard) {
        const { host, isSecure } = grpcTarget(url);
        const grpcChannelCredentials = isSecure ? credentials.createSsl() : credentials.createInsecure();
        const inner = new GrpcTransportFactory({ grpcChannelCredentials, legacyCompat: { enabled: true } });
        const sdk = await inner.create(`${schemeOf(refuses)}:${host}`, card);
        made.push(sdk);
        const transport = bounded(sdk, maxBytes);
        return tokens === undefined ? transport : withToken(transport, tokens);
      },
    },
    close() {
      // The SDK has no way to close a transport; without it, its connections would stay.
      for (const transport of made) (transport as { grpcClient?: { close(): void } }).grpcClient?.close();
    },
  };
}

/** The transport, whose streams have an end: gRPC bounds each message alone. */
function bounded(transport: Transport, maxBytes: number): Transport {
  const calls: Pick<Transport, 'sendMessageStream'> = {
    async *sendMessageStream(params, options) {
      let bytes = 0;
      for await (const event of transport.sendMessageStream(params, options)) {
        bytes += weightOf(event);
        if (bytes > maxBytes) {
          throw new ForgeError(
            'upstream_error',
            `The agent's answer is not usable: it has more than ${maxBytes} bytes`,
          );
        }
        yield event;
      }
    },
  };
  return Object.assign(Object.create(transport) as Transport, calls);
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
    #timer: NodeJS.Timeout | undefined;
    #reportedAt = 0;

    static getDefaultAuthority(target: experimental.GrpcUri): string {
      return target.path;
    }

    constructor(target: experimental.GrpcUri, listener: experimental.ResolverListener) {
      this.#listener = listener;
      this.#path = target.path;
    }

    /** gRPC asks with each connection that fails, and tries again as soon as there is an answer. */
    updateResolution(): void {
      if (this.#timer !== undefined) return;
      const pause = Math.max(0, this.#reportedAt + RESOLVE_MS - Date.now());
      this.#timer = setTimeout(() => void this.#report(), pause).unref();
    }

    destroy(): void {
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }

    async #report(): Promise<void> {
      const endpoints = await this.#resolve();
      if (this.#timer === undefined) return; // destroyed meanwhile
      this.#timer = undefined;
      this.#reportedAt = Date.now();
      this.#listener(endpoints, {}, null, '');
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

/** A host without the brackets of an IPv6 address. */
function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}
