/** @module An HTTP upstream under test, which goes away with the test. */
import { JsonText, type Client, type Outcome, type Upstream } from '@forge/protocol';
import { onTestFinished } from 'vitest';
import { httpUpstream, type HttpUpstreamOptions } from './http-upstream.ts';
import { TestEvents, TestExchange, type TestServer, testClient, toolCall } from './server.fixture.ts';

/** A call that was made. */
export interface Made {
  readonly exchange: TestExchange;
  readonly outcome: Promise<Outcome>;
}

/** Starts the server; both end with the test. */
export async function started<S extends TestServer>(server: S, port = 0): Promise<S> {
  await server.start(port);
  onTestFinished(async () => {
    await server.stop().catch(() => undefined); // some tests stop it themselves
  });
  return server;
}

/** An upstream at this address. */
export function upstreamAt(
  url: string,
  options: Partial<HttpUpstreamOptions> = {},
): {
  upstream: Upstream;
  events: TestEvents;
  readonly call: (name: string, client?: Client, over?: Parameters<typeof toolCall>[2]) => Made;
} {
  const events = new TestEvents();
  const clientInfo = new JsonText('{"name":"forge","version":"0"}');
  const upstream = httpUpstream({ url, events, clientInfo, ...options });
  onTestFinished(() => upstream.close());
  return {
    upstream,
    events,
    call(name, client = testClient(), over = {}) {
      const exchange = new TestExchange();
      return { exchange, outcome: upstream.call(toolCall(name, client, over), exchange) };
    },
  };
}

/** The code of an error that Forge made. */
export function codeOf(outcome: Outcome): string | undefined {
  return (outcome.error?.data?.value as { code?: string } | undefined)?.code;
}
