/** @module gRPC upstreams of the registry. */
import type { UpstreamAdapter } from '@forge/core';
import { ForgeError } from '@forge/protocol';
import { readRecord } from './config.ts';
import { lazyUpstream } from './grpc-upstream.ts';

/** Options of {@link grpcAdapter}. */
export interface GrpcAdapterOptions {
  /** How long a call may take, in ms, where the upstream's record does not say. @default 60000 */
  readonly requestTimeoutMs?: number | undefined;
  /** Whether a host, or an address that it leads to, must not be called. @default none */
  readonly refusesAddress?: ((host: string) => boolean) | undefined;
}

/**
 * The adapter for upstreams with the transport `grpc`. Descriptors in `config` are looked into when it is connected.
 *
 * @example
 * createForge({ ...options, adapters: [grpcAdapter({ requestTimeoutMs: 30_000 })] });
 */
export function grpcAdapter({
  requestTimeoutMs,
  refusesAddress = () => false,
}: GrpcAdapterOptions = {}): UpstreamAdapter {
  return {
    transports: ['grpc'],
    check(record) {
      if (!refusesAddress(readRecord(record).host)) return;
      throw new ForgeError('validation_failed', 'url: leads to a host that must not be called');
    },
    create(record, events) {
      return lazyUpstream(() => {
        const options = readRecord(record);
        return { ...options, events, refusesAddress, requestTimeoutMs: options.requestTimeoutMs ?? requestTimeoutMs };
      });
    },
  };
}
