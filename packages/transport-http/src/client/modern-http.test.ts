import { JsonText } from '@forge/protocol';
import { describe, expect, it, vi } from 'vitest';
import { event, events, json, modernServer, testClient } from './server.fixture.ts';
import { codeOf, started, upstreamAt } from './upstream.fixture.ts';

describe('a call to a modern server', () => {
  it('is one POST with the headers that mirror it, and its answer comes back verbatim', async () => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', ({ message, response }) => {
      response.end(
        `{"jsonrpc":"2.0","id":${message.id},"result":{"x":1.0, "vendor":{"b":1,"a":2},"resultType":"complete"}}`,
      );
    });
    const { call } = upstreamAt(server.url);
    const outcome = await call('größe', undefined, {
      arguments: { region: 'us west', secret: 'x' },
      paramHeaders: [{ name: 'Region', path: ['region'] }],
      progressToken: '"mine"',
    }).outcome;
    expect(outcome.era).toBe('modern');
    expect(outcome.result?.text).toBe('{"x":1.0, "vendor":{"b":1,"a":2},"resultType":"complete"}');
    const [{ headers, message } = expect.fail('no call')] = server.of('tools/call');
    expect(headers).toMatchObject({
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': '=?base64?Z3LDtsOfZQ==?=',
      'mcp-param-region': 'us west',
    });
    expect(message.params?.['_meta']).toMatchObject({
      progressToken: message.id,
      'io.modelcontextprotocol/clientInfo': { name: 'forge', version: '0' },
    });
    expect(server.of('server/discover')).toHaveLength(1);
  });

  it('is complete when its answer does not say of which type it is', async () => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', (hit) => json(hit, { result: { x: 1 } }));
    const { result } = await upstreamAt(server.url).call('t').outcome;
    expect(result?.text).toBe('{"x":1,"resultType":"complete"}');
  });

  it('reuses connections; one that has just answered needs a moment', async () => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', (hit) => json(hit, { result: {} }));
    const { call } = upstreamAt(server.url);
    for (const name of 'abcdefgh') await call(name).outcome;
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it('gets notifications as they come, and reuses the connection of a finished stream', async () => {
    const server = await started(modernServer());
    const { call } = upstreamAt(server.url);
    server.handlers.set('tools/call', (hit) => {
      events(hit);
      event(hit, { method: 'notifications/progress', params: { progressToken: hit.message.id, progress: 1 } });
    });
    const first = call('t', undefined, { progressToken: '1' });
    const hit = await server.got('tools/call');
    await vi.waitFor(() => expect(first.exchange.notes).toMatchObject([{ method: 'notifications/progress' }]));
    event(hit, { id: hit.message.id, result: { done: true } });
    expect((await first.outcome).result?.value).toMatchObject({ done: true });
    hit.response.end();
    server.handlers.set('tools/call', (next) => json(next, { result: {} }));
    for (const name of 'abcdefgh') await call(name).outcome;
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  it('passes on JSON-RPC errors, whatever their HTTP status, but none about our own hop', async () => {
    const server = await started(modernServer());
    const statuses: Record<number, number> = { [-32601]: 404, [-32021]: 400, [-32020]: 400, [-32022]: 400, 5: 500 };
    server.handlers.set('tools/call', (hit) => {
      const code = Number(hit.message.params?.['name']);
      json(hit, { error: { code, message: 'no', data: { a: 1.5 } } }, statuses[code]);
    });
    const { call } = upstreamAt(server.url);
    for (const code of [-32601, -32021, 5]) {
      expect((await call(String(code)).outcome).error).toMatchObject({ code, message: 'no' });
    }
    for (const code of [-32020, -32022]) {
      const { error } = await call(String(code)).outcome;
      expect(error?.code).toBe(-32603);
      expect(error?.data?.text).not.toContain('1.5');
    }
  });

  it('is cancelled by closing its connection, with no message', async () => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', (hit) => events(hit));
    const { call } = upstreamAt(server.url);
    const { exchange, outcome } = call('t');
    const { response } = await server.got('tools/call');
    const gone = new Promise((resolve) => response.once('close', resolve));
    exchange.cancel('enough');
    expect((await outcome).error).toMatchObject({ code: -32800 });
    await gone;
    expect(server.of('notifications/cancelled')).toEqual([]);
  });

  it('times out when nothing comes, and closes its connection', async () => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', () => {});
    const { call } = upstreamAt(server.url, { requestTimeoutMs: 80 });
    const { outcome } = call('t');
    const { response } = await server.got('tools/call');
    const gone = new Promise((resolve) => response.once('close', resolve));
    expect(codeOf(await outcome)).toBe('upstream_timeout');
    await gone;
  });

  it('does not time out while there is progress', async () => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', (hit) => {
      events(hit);
      let progress = 0;
      const timer = setInterval(() => {
        progress += 1;
        event(hit, { method: 'notifications/progress', params: { progressToken: hit.message.id, progress } });
        if (progress < 6) return;
        clearInterval(timer);
        event(hit, { id: hit.message.id, result: {} });
        hit.response.end();
      }, 50);
    });
    const { call } = upstreamAt(server.url, { requestTimeoutMs: 160 });
    const { exchange, outcome } = call('t', undefined, { progressToken: '1' });
    expect((await outcome).result).toBeDefined();
    expect(exchange.notes).toHaveLength(6);
  });

  it('may have taken effect when the connection breaks, before or amid the answer; it is not sent again', async () => {
    const server = await started(modernServer());
    const { call } = upstreamAt(server.url);
    server.handlers.set('tools/call', ({ message, response }) => {
      if (message.params?.['name'] === 'amid') response.writeHead(200, { 'content-length': 100 }).write('{"jsonrpc"');
      if (message.params?.['name'] === 'stream')
        response.writeHead(200, { 'content-type': 'text/event-stream' }).write(':\n');
      setTimeout(() => response.destroy(), 10);
    });
    for (const name of ['before', 'amid', 'stream']) expect(codeOf(await call(name).outcome)).toBe('outcome_unknown');
    expect(server.of('tools/call')).toHaveLength(3);
  });

  it.each([
    ['HTML', 'text/html', '<html>'],
    ['nothing', 'application/json', ''],
    ['another answer', 'application/json', '{"jsonrpc":"2.0","id":4711,"result":{}}'],
    ['a result that is no object', 'application/json', '{"jsonrpc":"2.0","id":ID,"result":7}'],
    ['a result that is null', 'application/json', '{"jsonrpc":"2.0","id":ID,"result":null}'],
    ['an event that is no JSON', 'text/event-stream', 'data: <html>\n\n'],
  ])('ends with upstream_error when the server answers %s', async (_name, type, body) => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', ({ message, response }) => {
      response.writeHead(200, { 'content-type': type }).end(body.replace('ID', String(message.id)));
    });
    expect(codeOf(await upstreamAt(server.url).call('t').outcome)).toBe('upstream_error');
  });

  it('ends with upstream_error when the answer, or an event, is too large', async () => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', (hit) => {
      const result = { text: 'x'.repeat(5000) };
      if (hit.message.params?.['name'] === 'json') return json(hit, { result });
      events(hit);
      event(hit, { id: hit.message.id, result });
    });
    const { call } = upstreamAt(server.url, { maxResponseBytes: 1000 });
    for (const name of ['json', 'stream']) expect(codeOf(await call(name).outcome)).toBe('upstream_error');
  });

  it('does not follow redirects', async () => {
    const server = await started(modernServer());
    const other = await started(modernServer());
    server.handlers.set('tools/call', ({ response }) => response.writeHead(307, { location: other.url }).end());
    const outcome = await upstreamAt(server.url, { headers: { authorization: 'Bearer s' } }).call('t').outcome;
    expect(outcome.error?.message).toMatch(/HTTP 307/);
    expect(other.hits).toEqual([]);
  });

  it.each([401, 403])('names a %i of the upstream, and is not one of ours', async (status) => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', (hit) => json(hit, { error: { code: -32001, message: 'who?' } }, status));
    const outcome = await upstreamAt(server.url).call('t').outcome;
    expect(codeOf(outcome)).toBe('upstream_error');
    expect(outcome.error?.message).toContain(String(status));
    expect(outcome.error?.message).not.toContain('who?');
  });

  it('carries the client’s own Authorization in the place of the static one, on connections of its own', async () => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', (hit) => json(hit, { result: {} }));
    const { call } = upstreamAt(server.url, { headers: { Authorization: 'Bearer static', 'X-Team': 'a' } });
    await call('t').outcome;
    await call('t', testClient({ upstreamAuthorization: 'Bearer alice' })).outcome;
    await call('t', testClient({ upstreamAuthorization: 'Bearer bob' })).outcome;
    expect(server.of('tools/call').map(({ headers }) => [headers.authorization, headers['x-team']])).toEqual([
      ['Bearer static', 'a'],
      ['Bearer alice', 'a'],
      ['Bearer bob', 'a'],
    ]);
    const ports = server.of('tools/call').map(({ response }) => response.socket?.remotePort ?? response);
    expect(new Set(ports).size).toBe(3);
  });

  it('is refused when an Authorization would break out of its header; the value is not in the message', async () => {
    const server = await started(modernServer());
    const { call } = upstreamAt(server.url);
    const outcome = await call('t', testClient({ upstreamAuthorization: 'Bearer s3cret\r\nx-admin: 1' })).outcome;
    expect(outcome.error?.code).toBe(-32602);
    expect(outcome.error?.message).not.toContain('s3cret');
    expect(server.hits).toEqual([]);
  });

  it('is refused when too many are in flight', async () => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', () => {});
    const { call } = upstreamAt(server.url, { maxInFlight: 1 });
    void call('one');
    await server.got('tools/call');
    expect((await call('two').outcome).error?.code).toBe(-32010);
  });
});

describe('a modern server', () => {
  it('is listened to by one stream, replaced when the watched set changes, and asked again when it ends', async () => {
    const server = await started(modernServer({ tools: { listChanged: true }, resources: { subscribe: true } }));
    server.handlers.set('subscriptions/listen', (hit) => {
      events(hit);
      event(hit, { method: 'notifications/subscriptions/acknowledged', params: {} });
    });
    const { upstream, events: heard } = upstreamAt(server.url);
    await upstream.connect();
    const first = await server.got('subscriptions/listen');
    expect(first.message.params).toMatchObject({ notifications: { toolsListChanged: true } });
    expect(first.headers).toMatchObject({ 'mcp-method': 'subscriptions/listen' });
    const closed = new Promise((resolve) => first.response.once('close', resolve));
    upstream.watch(new Set(['a:1']));
    const second = await server.got('subscriptions/listen', 2);
    await closed;
    expect(second.message.params).toMatchObject({ notifications: { resourceSubscriptions: ['a:1'] } });
    event(second, { method: 'notifications/tools/list_changed', params: {} });
    event(second, { method: 'notifications/resources/updated', params: { uri: 'a:1' } });
    await heard.until(/a:1 updated/);
    expect(heard.log).toEqual(['tools changed', 'a:1 updated']);
    second.response.destroy();
    await server.got('subscriptions/listen', 3);
    await heard.until(/tools changed/);
  });

  it('is asked for a watched task with the id in its header, and tells of it by a stream of its own', async () => {
    const server = await started(modernServer({ extensions: { 'io.modelcontextprotocol/tasks': {} } }));
    server.handlers.set('subscriptions/listen', (hit) => {
      events(hit);
      event(hit, { method: 'notifications/subscriptions/acknowledged', params: {} });
    });
    server.handlers.set('tasks/get', (hit) => json(hit, { result: { resultType: 'complete', taskId: 't1' } }));
    const { upstream, events: heard } = upstreamAt(server.url);
    upstream.watch(new Set(), new Set(['t1']));
    await upstream.connect();
    const listening = await server.got('subscriptions/listen');
    expect(listening.message.params).toMatchObject({ notifications: { taskIds: ['t1'] } });
    const asked = await server.got('tasks/get');
    expect(asked.headers).toMatchObject({ 'mcp-method': 'tasks/get', 'mcp-name': 't1' });
    event(listening, { method: 'notifications/tasks', params: { taskId: 't1', status: 'failed' } });
    await heard.until(/failed/);
    await heard.until(/^t1 \{"taskId":"t1"\}$/);
  });

  it('is lost when it cannot be listened to any more', async () => {
    const server = await started(modernServer({ tools: { listChanged: true } }));
    server.handlers.set('subscriptions/listen', (hit) => events(hit));
    const { upstream, events: heard } = upstreamAt(server.url);
    await upstream.connect();
    await server.got('subscriptions/listen');
    await server.stop();
    await heard.until(/^lost/);
    expect(heard.log).toHaveLength(1);
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_unreachable' });
  });

  it('is asked with the capabilities and the log level of the client', async () => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', (hit) => json(hit, { result: {} }));
    const client = testClient({ era: 'legacy', capabilities: new JsonText('{"roots":{}}'), logLevel: 'error' });
    await upstreamAt(server.url).call('t', client).outcome;
    expect(server.of('tools/call')[0]?.message.params?.['_meta']).toMatchObject({
      'io.modelcontextprotocol/clientCapabilities': { roots: {} },
      'io.modelcontextprotocol/logLevel': 'error',
    });
  });
});
