import { describeUpstream, type UpstreamFixture } from '@forge/testkit';
import { startAgent, type TestAgentOptions } from './agent.fixture.ts';
import { upstreamOf } from './upstream.fixture.ts';

async function startFixture(options: TestAgentOptions): Promise<UpstreamFixture> {
  const agent = await startAgent(options);
  return {
    create: ({ events, ...bounds }) => upstreamOf({ url: agent.url }, { ...bounds, maxConnections: 24 }, events),
    start: agent.start,
    stop: agent.stop,
    close: agent.stop,
    hanging: () => agent.hanging,
    connections: () => agent.connections,
  };
}

describeUpstream('A2A 1.0 over JSON-RPC', () => startFixture({}));
describeUpstream('A2A 1.0 over HTTP+JSON', () => startFixture({ binding: 'HTTP+JSON' }));
describeUpstream('A2A 0.3 over JSON-RPC', () => startFixture({ version: '0.3' }));
describeUpstream('A2A 0.3 over HTTP+JSON', () => startFixture({ version: '0.3', binding: 'HTTP+JSON' }));
describeUpstream('A2A 1.0 without streams', () => startFixture({ streaming: false }), { progress: false });
// gRPC has a bound of its own, 4 MB a message.
describeUpstream('A2A 1.0 over gRPC', () => startFixture({ binding: 'GRPC' }), { bounded: false });
describeUpstream('A2A 0.3 over gRPC', () => startFixture({ binding: 'GRPC', version: '0.3' }), { bounded: false });
