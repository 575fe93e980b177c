/** @module gRPC services as an upstream. What that takes is loaded with the first. */
import { readFile } from 'node:fs/promises';
import { UsageError } from '@forge/cli';
import type { Upstream, UpstreamEvents } from '@forge/protocol';
import type { GrpcSpec } from './server-spec.ts';

/**
 * Makes what makes upstreams of gRPC services. Nothing is connected.
 *
 * @throws UsageError where a file cannot be read
 */
export async function openGrpc(
  { grpc: { host, port, tls, metadata: headers } }: GrpcSpec,
  requestTimeoutMs: number,
): Promise<(events: UpstreamEvents) => Upstream> {
  const { grpcUpstream } = await import('@forge/upstream-grpc');
  const cert = await pem('--grpc-cert', tls?.cert);
  const key = await pem('--grpc-key', tls?.key);
  const own = key === undefined ? { ca: cert } : { cert, key };
  return (events) => grpcUpstream({ host, port, tls: tls && own, headers, events, requestTimeoutMs });
}

async function pem(flag: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${flag}: ${file} cannot be read: ${(error as Error).message}`);
  }
}
