/** @module gRPC services as an upstream. What that takes is a package of its own, because it is larger than all the rest. */
import { readFile } from 'node:fs/promises';
import { UsageError } from '@forge/cli';
import type { Upstream, UpstreamEvents } from '@forge/protocol';
import type { GrpcSpec } from './server-spec.ts';

const HOW = 'npx -p @forge/translate -p @forge/upstream-grpc forge-translate --grpc HOST:PORT';

/**
 * Makes what makes upstreams of gRPC services. Nothing is connected.
 *
 * @throws UsageError where the package is not installed, or a file cannot be read
 */
export async function openGrpc(
  { grpc: { host, port, tls, metadata: headers } }: GrpcSpec,
  requestTimeoutMs: number,
): Promise<(events: UpstreamEvents) => Upstream> {
  const { grpcUpstream } = await load();
  const cert = await pem('--grpc-cert', tls?.cert);
  const key = await pem('--grpc-key', tls?.key);
  const own = key === undefined ? { ca: cert } : { cert, key };
  return (events) => grpcUpstream({ host, port, tls: tls && own, headers, events, requestTimeoutMs });
}

async function load() {
  try {
    return await import('@forge/upstream-grpc');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UsageError(`--grpc takes the package @forge/upstream-grpc, which is not installed. Try: ${HOW}`);
  }
}

async function pem(flag: string, file: string | undefined): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${flag}: ${file} cannot be read: ${(error as Error).message}`);
  }
}
