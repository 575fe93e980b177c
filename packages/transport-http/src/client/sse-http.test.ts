import { JsonText } from '@forge/protocol';
import { describe, expect, it } from 'vitest';
import { event, events, type Handler, type Hit, TestServer, testClient } from './server.fixture.ts';
import { codeOf, started, upstreamAt } from './upstream.fixture.ts';

/** A server of 2024-11-05: every answer goes down the stream whose id the POST names. */
async function sseServer(endpoint = '/post?s=ID') {
  const server = await started(new TestServer());
  const streams: Hit[] = [];
  const answering =
    (result: object): Handler =>
    (hit) => {
      hit.response.writeHead(202).end();
      const stream = streams[Number(new URL(hit.path, server.url).searchParams.get('s'))];
      if (stream !== undefined) event(stream, { id: hit.message.id, result });
    };
  server.handlers.set('GET', (hit) => {
    events(hit);
    hit.response.write(`event: endpoint\ndata: ${endpoint.replace('ID', String(streams.length))}\n\n`);
    streams.push(hit);
  });
  const refuse: Handler = ({ response }) => response.writeHead(405).end();
  server.handlers.set('server/discover', refuse);
  const initialize = answering({
    protocolVersion: '2024-11-05',
    capabilities: {},
    serverInfo: { name: 'old', version: '1' },
  });
  server.handlers.set('initialize', (hit) => (hit.path === '/mcp' ? refuse(hit) : initialize(hit)));
  server.handlers.set('tools/call', answering({ content: [] }));
  return Object.assign(server, { streams });
}

describe('HTTP+SSE', () => {
  it('is found where Streamable HTTP is turned away', async () => {
    const server = await sseServer();
    const { upstream, call } = upstreamAt(server.url);
    expect(await upstream.connect()).toMatchObject({ era: 'legacy', protocolVersion: '2024-11-05', transport: 'sse' });
    expect((await call('t').outcome).result?.value).toEqual({ content: [] });
    const sent = server.hits.filter(({ path }) => path.startsWith('/post')).map(({ message }) => message.method);
    expect(sent).toEqual(['initialize', 'notifications/initialized', 'tools/call']);
  });

  it('is used at once when configured', async () => {
    const server = await sseServer();
    await upstreamAt(server.url, { transport: 'sse' }).upstream.connect();
    expect(server.hits[0]?.method).toBe('GET');
  });

  it('is not tried when Streamable HTTP is configured', async () => {
    const server = await sseServer();
    const { upstream } = upstreamAt(server.url, { transport: 'streamable-http' });
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_error', message: /405/ });
    expect(server.of('GET')).toEqual([]);
  });

  it('sends nothing to an endpoint of another origin', async () => {
    const other = await started(new TestServer());
    const server = await sseServer(`${other.url}?s=ID`);
    const { upstream } = upstreamAt(server.url, { transport: 'sse', headers: { authorization: 'Bearer s' } });
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_error', message: /another origin/ });
    expect(other.hits).toEqual([]);
  });

  it('is given up when the server names no endpoint', async () => {
    const server = await started(new TestServer());
    server.handlers.set('GET', (hit) => events(hit));
    const { upstream } = upstreamAt(server.url, { transport: 'sse', connectTimeoutMs: 50 });
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_timeout' });
  });

  it('has a stream of its own for each credential', async () => {
    const server = await sseServer();
    const { call } = upstreamAt(server.url, { transport: 'sse', headers: { authorization: 'Bearer static' } });
    for (const upstreamAuthorization of [undefined, 'Bearer alice', 'Bearer bob', 'Bearer alice']) {
      await call('t', testClient({ upstreamAuthorization })).outcome;
    }
    const used = server.of('tools/call').map(({ path, headers }) => `${path} ${headers.authorization}`);
    expect(used).toEqual([
      '/post?s=0 Bearer static',
      '/post?s=1 Bearer alice',
      '/post?s=2 Bearer bob',
      '/post?s=1 Bearer alice',
    ]);
    expect(server.streams.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer static',
      'Bearer alice',
      'Bearer bob',
    ]);
  });

  it('asks clients in their own sessions', async () => {
    const server = await sseServer();
    server.handlers.set('tools/call', (hit) => {
      hit.response.writeHead(202).end();
      const [, own] = server.streams;
      if (own !== undefined) event(own, { id: 'q', method: 'elicitation/create', params: {} });
    });
    server.handlers.set('answer', (hit) => {
      hit.response.writeHead(202).end();
      const [, own] = server.streams;
      if (own !== undefined)
        event(own, { id: server.of('tools/call')[0]?.message.id, result: { got: hit.message.result } });
    });
    const { call } = upstreamAt(server.url, { transport: 'sse' });
    const client = testClient({ era: 'legacy', sessionId: 's', capabilities: new JsonText('{"elicitation":{}}') });
    expect((await call('t', client).outcome).result?.value).toEqual({ got: { action: 'accept' } });
  });

  it('ends only the call whose message is turned away', async () => {
    const server = await sseServer();
    const { call } = upstreamAt(server.url, { transport: 'sse' });
    const fine = server.handlers.get('tools/call');
    server.handlers.set('tools/call', (hit) => hit.response.writeHead(413).end());
    expect((await call('big').outcome).error).toMatchObject({ code: -32603, message: /413/ });
    if (fine !== undefined) server.handlers.set('tools/call', fine);
    expect((await call('t').outcome).result).toBeDefined();
    expect(server.streams).toHaveLength(1);
  });

  it('leaves the outcome unknown when its stream breaks, and starts anew with the next call', async () => {
    const server = await sseServer();
    const { call, events: heard } = upstreamAt(server.url, { transport: 'sse' });
    const fine = server.handlers.get('tools/call');
    server.handlers.set('tools/call', (hit) => {
      hit.response.writeHead(202).end();
      server.streams[0]?.response.destroy();
    });
    expect(codeOf(await call('t').outcome)).toBe('outcome_unknown');
    await heard.until(/^lost/);
    if (fine !== undefined) server.handlers.set('tools/call', fine);
    expect((await call('t').outcome).result).toBeDefined();
    expect(server.streams).toHaveLength(2);
    expect(heard.log).toHaveLength(1);
  });
});
