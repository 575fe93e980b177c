/** @module The gateway before a gRPC server. */
import { BENCH_PROTO } from '../servers/grpc-fixture.ts';
import { startGateway } from './gateway.ts';
import { ownScript, type ServerProcess, startServer } from './processes.ts';
import { gatewayTarget, type Place, type Target } from './targets.ts';

/** Starts the gRPC server. */
export function startGrpcServer(core: number | undefined): Promise<ServerProcess> {
  return startServer({ name: 'The gRPC server', script: ownScript('servers/grpc-server.js'), core });
}

/** Starts the gateway in front of `upstream`, an origin. */
export async function startGrpcTarget(place: Place, upstream: string): Promise<Target> {
  const url = upstream.replace('http:', 'grpc:');
  const registration = { url, transport: 'GRPC', config: { protoFiles: { 'bench.proto': BENCH_PROTO } } };
  const upstreams = { 'Bench A': registration, 'Bench B': registration };
  return gatewayTarget('grpc', place, await startGateway({ ...place, policy: false, upstreams, tools: 6 }));
}
