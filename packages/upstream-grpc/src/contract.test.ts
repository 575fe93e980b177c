import { JsonText, type Outcome, type Upstream } from '@forge/protocol';
import { describeUpstream, type UpstreamFixture } from '@forge/testkit';
import { startServer } from './fixtures/server.fixture.ts';
import { grpcUpstream } from './grpc-upstream.ts';

const PREFIX = 'suite.Suite.';

/** The suite knows its tools by short names, and wants plain texts for answers. */
function asSuite(upstream: Upstream): Upstream {
  return {
    ...upstream,
    async call(request, exchange) {
      const target = request.target && PREFIX + request.target;
      const outcome = await upstream.call({ ...request, target }, exchange);
      if (outcome.result === undefined) return outcome;
      return request.method === 'tools/list' ? withShortNames(outcome.result) : withPlainText(outcome);
    },
  };
}

function withShortNames(result: JsonText): Outcome {
  return { era: 'modern', result: new JsonText(result.text.replaceAll(`"${PREFIX}`, '"')) };
}

function withPlainText(outcome: Outcome): Outcome {
  const answer = outcome.result?.member('structuredContent');
  if (answer === undefined) return outcome;
  const text = answer.has('messages') ? 'done' : String(answer.member('text')?.value);
  return { era: 'modern', result: JsonText.of({ content: [{ type: 'text', text }] }) };
}

describeUpstream(
  'gRPC',
  async (): Promise<UpstreamFixture> => {
    let server = await startServer();
    const { port } = server;
    return {
      create: ({ events, requestTimeoutMs, maxResponseBytes }) =>
        asSuite(
          grpcUpstream({
            host: '127.0.0.1',
            port,
            events,
            requestTimeoutMs,
            maxMessageBytes: maxResponseBytes,
            services: ['suite.Suite'],
          }),
        ),
      stop: () => server.stop(),
      async start() {
        server = await startServer({ port });
      },
      hanging: () => server.hanging(),
      connections: () => server.connections(),
      close: () => server.stop().catch(() => {}), // it may have been stopped
    };
  },
  { maxConnections: 1 },
);
