import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAddressPolicy } from '@forge/core';
import type { Upstream } from '@forge/protocol';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { A2aAdapterOptions } from './adapter.ts';
import { startAgent, type TestAgent, type TestAgentOptions } from './agent.fixture.ts';
import { callTool, upstreamOf } from './upstream.fixture.ts';

let upstream: Upstream | undefined;
let agent: TestAgent | undefined;
afterEach(async () => {
  await upstream?.close();
  await agent?.stop();
  [upstream, agent] = [undefined, undefined];
});

interface Tokens {
  readonly url: string;
  fetched: number;
}

/** A token endpoint; it numbers its tokens unless it does something else. */
async function serveTokens(listener?: RequestListener): Promise<Tokens> {
  const server = createServer((request, response) => {
    tokens.fetched += 1;
    if (listener) listener(request, response);
    else response.end(JSON.stringify({ access_token: `t${tokens.fetched}`, expires_in: 3600 }));
  });
  server.listen(0, '127.0.0.1');
  await new Promise((listening) => server.once('listening', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const tokens: Tokens = { url, fetched: 0 };
  return tokens;
}

function agentAt(url: string, tokens: Tokens, config: object = {}, options: Partial<A2aAdapterOptions> = {}): Upstream {
  const oauth = { tokenUrl: tokens.url, clientId: 'me', clientSecret: 'oauth', scope: 'agents' };
  return upstreamOf({ url, config: JSON.stringify({ oauth, ...config }), secrets: { oauth: 's3cret' } }, options);
}

async function start(options: TestAgentOptions, tokens: Tokens): Promise<Upstream> {
  agent = await startAgent(options);
  return agentAt(agent.url, tokens, { origins: [agent.grpcUrl] });
}

const authorizations = (): unknown[] => (agent?.headers ?? []).map(({ authorization }) => authorization);

describe.each(['JSONRPC', 'HTTP+JSON', 'GRPC'] as const)('an agent over %s with OAuth', (binding) => {
  it('gets a token with each request, fetched once', async () => {
    const tokens = await serveTokens();
    upstream = await start({ binding, accepts: (sent) => sent === 'Bearer t1' }, tokens);
    const [first, second] = await Promise.all([1, 2].map((n) => callTool(upstream!, 'echo', { text: `${n}` })));
    expect([first?.result.content[0].text, second?.result.content[0].text]).toEqual(['1', '2']);
    expect(tokens.fetched).toBe(1);
  });

  it.each([true, false])('is called again with a new token where it refuses one (streaming: %s)', async (streaming) => {
    const tokens = await serveTokens();
    const good = new Set(['Bearer t1']);
    upstream = await start({ binding, streaming, accepts: (sent) => good.has(sent) }, tokens);
    await upstream.connect();
    good.delete('Bearer t1');
    good.add('Bearer t2');
    later(2000);
    const results = await Promise.all([1, 2, 3].map(() => callTool(upstream!, 'echo', { text: 'again' })));
    expect(results.map(({ result }) => result.content[0].text)).toEqual(['again', 'again', 'again']);
    expect(agent?.received).toHaveLength(3);
    expect(tokens.fetched).toBe(2);
  });

  it('is not asked again and again where it refuses every token', async () => {
    const tokens = await serveTokens();
    let accepts = true;
    upstream = await start({ binding, accepts: () => accepts }, tokens);
    await upstream.connect();
    accepts = false;
    later(2000);
    const { result } = await callTool(upstream, 'echo', { text: 'x' });
    expect(result).toMatchObject({ isError: true });
    expect(tokens.fetched).toBe(2);
    expect(agent?.received).toHaveLength(0);
  });
});

describe('tokens', () => {
  it('go to endpoints of models, too, in place of another Authorization', async () => {
    const tokens = await serveTokens();
    agent = await startAgent();
    upstream = upstreamOf({
      url: agent.url,
      headers: [{ name: 'Authorization', value: 'Bearer old' }],
      config: JSON.stringify({
        agentType: 'openai',
        model: 'm',
        oauth: { tokenUrl: tokens.url, clientId: 'me', clientSecret: 'oauth' },
      }),
      secrets: { oauth: 's3cret' },
    });
    await upstream.connect();
    expect(authorizations()).toEqual(['Bearer t1']);
  });

  it('go to no other origin than those of the agent', async () => {
    const tokens = await serveTokens();
    const elsewhere = await startAgent();
    onTestFinished(() => elsewhere.stop());
    agent = await startAgent({
      card: () => ({
        name: 'Moved',
        version: '1',
        supportedInterfaces: [{ url: `${elsewhere.url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
        skills: [{ id: 'echo' }],
      }),
    });
    upstream = agentAt(agent.url, tokens);
    await expect(upstream.connect()).rejects.toThrow(`leads to ${elsewhere.url}, which must not get the credentials`);
    expect(elsewhere.headers).toEqual([]);
  });
});

describe('a hostile token endpoint costs an error in time when', () => {
  const complaint = async (listener: RequestListener): Promise<string | undefined> => {
    agent = await startAgent();
    upstream = agentAt(agent.url, await serveTokens(listener), {}, { requestTimeoutMs: 500 });
    const begin = Date.now();
    const { error } = await callTool(upstream, 'echo', {});
    expect(Date.now() - begin).toBeLessThan(3000);
    expect(agent.headers).toEqual([]);
    return error?.message;
  };

  it('it hangs', async () => {
    expect(await complaint(() => {})).toContain('did not answer within 500 ms');
  });

  it('its answer has no end', async () => {
    const why = await complaint((_, response) => {
      const flood = (): void => {
        while (response.write('x'.repeat(10_000)) && !response.closed);
        response.once('drain', flood);
      };
      flood();
    });
    expect(why).toContain('its answer has more than 65536 bytes');
  });

  it('it redirects to a metadata address, or refuses', async () => {
    const location = 'http://169.254.169.254/latest/meta-data';
    expect(await complaint((_, response) => response.writeHead(307, { location }).end())).toContain('redirects');
    await upstream?.close();
    await agent?.stop();
    const refusal = JSON.stringify({ error: 'invalid_client', error_description: 's3cret' });
    const said = await complaint((_, response) => response.writeHead(401).end(refusal));
    expect(said).toContain('HTTP 401 (invalid_client)');
    expect(said).not.toContain('s3cret');
  });
});

describe('a config with OAuth is refused', () => {
  const refuses = (host: string): boolean => createAddressPolicy().refusal(host) !== undefined;
  const oauth = { tokenUrl: 'https://id.example/token', clientId: 'me', clientSecret: 'oauth' };
  it.each([
    [{ ...oauth, tokenUrl: 'http://169.254.169.254/token' }, 'config.oauth.tokenUrl: leads to a host that must not'],
    [{ ...oauth, tokenUrl: 'https://me:x@id.example/token' }, 'config.oauth.tokenUrl: must not hold a user name'],
    [{ ...oauth, tokenUrl: 'file:///etc/passwd' }, 'config.oauth.tokenUrl'],
    [{ ...oauth, clientId: 'x'.repeat(2000) }, 'config.oauth.clientId'],
    [{ ...oauth, clientSecret: 'other' }, 'config.oauth.clientSecret: names a secret that is not given'],
    [{ ...oauth, password: 'x' }, 'config.oauth.password: is not known here'],
  ])('with %j', (wrong, why) => {
    const fields = { url: 'https://a.example', config: JSON.stringify({ oauth: wrong }), secrets: { oauth: 's' } };
    expect(() => upstreamOf(fields, { refuses })).toThrow(why);
  });
});

function later(ms: number): void {
  vi.useFakeTimers({ now: Date.now() + ms, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
}
