/** @module The gateway before a gRPC server, and what makes the same calls directly. */
import type { Metrics } from '../cells.ts';
import { launch } from '../launch.ts';
import type { Job } from '../load/job.ts';
import { BENCH_PROTO } from '../servers/grpc-fixture.ts';
import { startGateway } from './gateway.ts';
import { nodeCommand } from './pinning.ts';
import { ownScript, profiling, type ServerProcess, startServer } from './processes.ts';
import { callTool, gatewayTarget, type Place, type Target } from './targets.ts';

const LAST_MS = 20_000;

/** Starts the gRPC server. */
export function startGrpcServer(core: number | undefined): Promise<ServerProcess> {
  return startServer({ name: 'The gRPC server', script: ownScript('servers/grpc-server.js'), core });
}

/** Starts the gateway in front of `upstream`, an origin, or makes the calls to it ready. */
export async function startGrpcTarget(
  name: 'grpc' | 'direct-undici' | 'direct-grpc',
  place: Place,
  upstream: string,
): Promise<Target> {
  if (name !== 'grpc') return directTarget(name, place, upstream);
  const url = upstream.replace('http:', 'grpc:');
  const registration = { url, transport: 'GRPC', config: { protoFiles: { 'bench.proto': BENCH_PROTO } } };
  const upstreams = { 'Bench A': registration, 'Bench B': registration };
  return gatewayTarget(name, place, await startGateway({ ...place, policy: false, upstreams, tools: 6 }));
}

/** It is a process of its own for each measurement. */
function directTarget(name: 'direct-undici' | 'direct-grpc', { era, core, profileFolder }: Place, url: string): Target {
  const script = ownScript('load/direct-client.js');
  const by = name === 'direct-grpc' ? 'grpc' : 'undici';
  return {
    case: name,
    reach: { url, era, headers: {}, pid: process.pid },
    profileFolder,
    callFor: callTool(''),
    async measure({ connections, warmupMs, durationMs }: Job) {
      const args = [script, by, url, connections, warmupMs, durationMs].map(String);
      const [command, line] = nodeCommand([...profiling(profileFolder), ...args], core);
      const client = launch(command, line, { stdio: ['ignore', 'pipe', 'inherit'] }, { withinMs: LAST_MS });
      let output = '';
      client.process.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
      await client.ended;
      if (client.process.exitCode !== 0) throw new Error(`${name} failed`);
      return JSON.parse(output) as Metrics;
    },
    stop: async () => {},
  };
}
