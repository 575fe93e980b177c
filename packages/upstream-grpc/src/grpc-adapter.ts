/** @module gRPC upstreams of the registry. */
import type { UpstreamAdapter } from '@forge/core';
import { ForgeError } from '@forge/protocol';
import { readRecord } from './config.ts';
import { grpcUpstream } from './grpc-upstream.ts';
import { createMetadata } from './metadata.ts';
import { createSource } from './source.ts';

/** Options of {@link grpcAdapter}. */
export interface GrpcAdapterOptions {
  /** How long a call may take, in ms, where the upstream's record does not say. @default 60000 */
  readonly requestTimeoutMs?: number | undefined;
  /** Whether a host, or an address that it leads to, must not be called. @default none */
  readonly refusesAddress?: ((host: string) => boolean) | undefined;
}

/**
 * The adapter for upstreams with the transport `grpc`.
 *
 * @example
 * createForge({ ...options, adapters: [grpcAdapter({ refusesAddress: isRefusedAddress })] });
 */
export function grpcAdapter({
  requestTimeoutMs,
  refusesAddress = () => false,
}: GrpcAdapterOptions = {}): UpstreamAdapter {
  return {
    transports: ['grpc'],
    check(record) {
      const { host, headers = {}, ...source } = readRecord(record);
      if (refusesAddress(host))
        throw new ForgeError('validation_failed', 'url: leads to a host that must not be called');
      createMetadata(headers);
      createSource(source);
    },
    create(record, events) {
      const options = readRecord(record);
      return grpcUpstream({
        ...options,
        events,
        requestTimeoutMs: options.requestTimeoutMs ?? requestTimeoutMs,
        refusesAddress,
      });
    },
  };
}
