/** @module gRPC services as an upstream. What that takes is loaded with the first. */
import { readFile } from 'node:fs/promises';
import { UsageError } from '@forge/cli';
import { ForgeError, type Upstream, type UpstreamEvents } from '@forge/protocol';
import { readProtoFiles } from './proto-files.ts';
import type { GrpcSpec } from './server-spec.ts';

/**
 * Makes what makes upstreams of gRPC services. Nothing is connected.
 *
 * @throws UsageError where a file cannot be read
 */
export async function openGrpc(
  { grpc: { host, port, tls, protos, descriptors, metadata: headers } }: GrpcSpec,
  requestTimeoutMs: number,
): Promise<(events: UpstreamEvents) => Upstream> {
  const { grpcUpstream } = await import('@forge/upstream-grpc');
  const cert = await readFlag('--grpc-cert', tls?.cert, 'utf8');
  const key = await readFlag('--grpc-key', tls?.key, 'utf8');
  const own = key === undefined ? { ca: cert } : { cert, key };
  const described = {
    protoFiles: protos && (await readProtoFiles(protos)),
    descriptorSet: await readFlag('--grpc-descriptors', descriptors, 'base64'),
  };
  return (events) =>
    inFlags(grpcUpstream({ host, port, tls: tls && own, ...described, headers, events, requestTimeoutMs }));
}

async function readFlag(
  flag: string,
  file: string | undefined,
  encoding: 'utf8' | 'base64',
): Promise<string | undefined> {
  if (file === undefined) return undefined;
  try {
    return await readFile(file, encoding);
  } catch (error) {
    throw new UsageError(`${flag}: ${file} cannot be read: ${(error as Error).message}`);
  }
}

/** What cannot be used is named as it was given here. */
function inFlags(upstream: Upstream): Upstream {
  const flags = (message: string): string =>
    message.replaceAll('config.protoFiles', '--grpc-proto').replaceAll('config.descriptorSet', '--grpc-descriptors');
  return {
    ...upstream,
    connect: () =>
      upstream.connect().catch((error: unknown) => {
        throw error instanceof ForgeError ? new ForgeError(error.code, flags(error.message), { cause: error }) : error;
      }),
  };
}
