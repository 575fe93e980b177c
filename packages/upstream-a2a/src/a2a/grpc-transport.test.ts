import { AgentCard } from '@a2a-js/sdk';
import type { Upstream } from '@forge/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { startAgent, type TestAgent } from '../agent.fixture.ts';
import { callTool, upstreamOf } from '../upstream.fixture.ts';

let agent: TestAgent;
let upstream: Upstream;
afterEach(async () => {
  await upstream.close();
  await agent.stop();
});

/** A card on HTTP that leads to this gRPC endpoint. */
async function leadingTo(url: string, refuses?: (host: string) => boolean): Promise<void> {
  const interfaces = [{ url, protocolBinding: 'GRPC', tenant: '', protocolVersion: '1.0' }];
  agent = await startAgent({ card: (card) => AgentCard.toJSON({ ...card, supportedInterfaces: interfaces }) });
  upstream = upstreamOf({ url: agent.url }, { refuses });
}

describe('an agent over gRPC', () => {
  it('gets the credentials as metadata', async () => {
    agent = await startAgent({ binding: 'GRPC' });
    const headers = [{ name: 'X-Key', value: 'secret' }];
    upstream = upstreamOf({ url: agent.url, headers });
    await expect(upstream.connect()).rejects.toThrow(/must not get the credentials/);
    await upstream.close();
    upstream = upstreamOf({ url: agent.url, headers, config: JSON.stringify({ origins: [agent.grpcUrl] }) });
    const { result } = await callTool(upstream, 'echo', { text: 'x' });
    expect(result.content[0].text).toBe('x');
    expect(agent.metadata.at(-1)).toMatchObject({ 'x-key': 'secret' });
  });

  it('whose stream has no end is left', async () => {
    agent = await startAgent({ binding: 'GRPC', skills: ['pieces'] });
    upstream = upstreamOf({ url: agent.url }, { maxResponseBytes: 100_000 });
    const { result } = await callTool(upstream, 'pieces', { count: 9, size: 1000 });
    expect(result.content[0].text).toHaveLength(9000);
    const { error } = await callTool(upstream, 'pieces', { count: 1000, size: 1000 });
    expect(error?.message).toContain('it has more than 100000 bytes');
  });

  it('is not called where its host must not be, by name or by address', async () => {
    await leadingTo('http://localhost:1', (host) => host === '::1' || host === 'localhost');
    expect((await callTool(upstream, 'echo', {})).error?.message).toContain('must not be called');
  });

  it('is unreachable where nobody listens: nothing was sent', async () => {
    await leadingTo('http://127.0.0.1:1');
    expect((await callTool(upstream, 'echo', {})).error?.data?.value).toMatchObject({ code: 'upstream_unreachable' });
  });
});
