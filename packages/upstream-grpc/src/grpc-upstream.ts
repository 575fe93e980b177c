/** @module gRPC services as an upstream: their methods are its tools. Nothing of gRPC is loaded before it is used. */
import { errorOutcome, type Upstream, type UpstreamEvents } from '@forge/protocol';
import type { Headers } from './headers.ts';

/** PEM texts, and the name that the server's certificate must have. */
export interface TlsOptions {
  /** @default the authorities that Node trusts */
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** @default the host of the target */
  readonly serverName?: string | undefined;
}

/** What is said of descriptors in the configuration; without any, the server is asked. */
export interface SourceOptions {
  /** Full names of the services that are wanted. @default all but those for machinery */
  readonly services?: readonly string[] | undefined;
  /** A `FileDescriptorSet` in base64. */
  readonly descriptorSet?: string | undefined;
  /** Texts of `.proto` files by the names that they import each other by. */
  readonly protoFiles?: Readonly<Record<string, string>> | undefined;
}

/** Options of {@link grpcUpstream}. */
export interface GrpcUpstreamOptions extends SourceOptions {
  readonly host: string;
  readonly port: number;
  /** Absent: plain text. */
  readonly tls?: TlsOptions | undefined;
  /** Sent with every call as metadata. `authorization` gives way to what a client sends for itself. */
  readonly headers?: Headers | undefined;
  readonly events: UpstreamEvents;
  /** How long a call may take, in ms. @default 60000 */
  readonly requestTimeoutMs?: number | undefined;
  /** @default 10000 */
  readonly connectTimeoutMs?: number | undefined;
  /** Bytes of one message at most, in either direction. @default 4194304 */
  readonly maxMessageBytes?: number | undefined;
  /** Messages of a stream that are collected at most. @default 1000 */
  readonly maxMessages?: number | undefined;
  /** Characters of JSON of all of them. @default 8388608 */
  readonly maxCollected?: number | undefined;
  /** Calls in flight at most. @default 2048 */
  readonly maxInFlight?: number | undefined;
  /** Silence in ms, during calls, after which the server is pinged. @default 300000, less is refused by many servers */
  readonly keepAliveMs?: number | undefined;
  /** Whether requests are compressed; answers may always be. @default false */
  readonly gzip?: boolean | undefined;
  /** Whether the host, or an address that it leads to, must not be called; asked with each connection. @default none */
  readonly refusesAddress?: ((host: string) => boolean) | undefined;
}

/**
 * An upstream whose tools are the methods of gRPC services. It has one connection; once that is lost, the next call or
 * `connect` makes a new one and reads the descriptors again. Descriptors, headers or certificates that cannot be used are
 * a `validation_failed` of `connect`.
 *
 * @example
 * const upstream = grpcUpstream({ host: 'localhost', port: 50051, events });
 */
export function grpcUpstream(options: GrpcUpstreamOptions): Upstream {
  return lazyUpstream(() => options);
}

/** The same for options that are made when they are needed; where that fails, `connect` and calls fail. */
export function lazyUpstream(makeOptions: () => GrpcUpstreamOptions): Upstream {
  let loaded: Upstream | undefined;
  let closed = false;

  async function load(): Promise<Upstream> {
    const { createLiveUpstream } = await import('./live-upstream.ts');
    loaded ??= createLiveUpstream(makeOptions());
    if (closed) await loaded.close();
    return loaded;
  }

  return {
    connect: async () => (loaded ?? (await load())).connect(),
    call: (request, exchange) =>
      loaded?.call(request, exchange) ?? load().then((upstream) => upstream.call(request, exchange), errorOutcome),
    watch() {},
    sessionEnded() {},
    async close() {
      closed = true;
      await loaded?.close();
    },
  };
}
