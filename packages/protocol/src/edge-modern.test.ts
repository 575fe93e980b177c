import { describe, expect, it } from 'vitest';
import { ALICE, deferred, HttpClient, MemoryEndpoint, modernMeta, modernPost, settled } from './edge.fixture.ts';
import type { Exchange, Outcome } from './exchange.ts';
import { ForgeError } from './errors.ts';
import { JsonText } from './json-text.ts';
import { resultOutcome, rpcErrorOutcome } from './outcome.ts';
import { META } from './versions.ts';

const DONE = resultOutcome(new JsonText('{"resultType":"complete","x":1}'));

/** A client whose endpoint answers tools/call as `serve` says. */
function calling(serve: (exchange: Exchange) => Outcome | Promise<Outcome>): HttpClient {
  const client = new HttpClient();
  client.endpoint.handlers.set('tools/call', (_request, exchange) => serve(exchange));
  return client;
}

describe('a modern request', () => {
  it('is answered by plain JSON, under its own id to the character', async () => {
    const client = calling(() => DONE);
    const request = modernPost('tools/call', { name: 'a' });
    const reply = await client.send({ ...request, body: request.body.replace('"id":1', '"id": 1.0 ') }).ended();
    expect(reply).toMatchObject({ status: 200, isStream: false });
    expect(reply.body).toBe('{"jsonrpc":"2.0","id":1.0,"result":{"resultType":"complete","x":1}}');
  });

  it('reaches the endpoint in neutral form, with everything that it says of the client', async () => {
    const client = calling(() => DONE);
    const meta = {
      [META.clientInfo]: { name: 'c' },
      [META.clientCapabilities]: { roots: {} },
      [META.logLevel]: 'error',
      progressToken: 7,
    };
    const request = modernPost('tools/call', { name: 'a', arguments: { big: 1 }, _meta: meta });
    await client.send({ ...request, upstreamAuthorization: 'Bearer own' }).ended();
    expect(client.endpoint.requests[0]).toMatchObject({ method: 'tools/call', target: 'a', progressToken: '7' });
    expect(client.endpoint.requests[0]?.client).toMatchObject({
      era: 'modern',
      protocolVersion: '2026-07-28',
      caller: ALICE,
      logLevel: 'error',
      upstreamAuthorization: 'Bearer own',
    });
    expect(client.endpoint.requests[0]?.client).not.toHaveProperty('sessionId');
    expect(client.endpoint.requests[0]?.client.capabilities.text).toBe('{"roots":{}}');
  });

  it.each([
    ['not JSON', '{', 400, -32700, null],
    ['a batch', '[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', 400, -32600, null],
    ['a response', '{"jsonrpc":"2.0","id":1,"result":{}}', 400, -32600, null],
    ['an id of null', '{"jsonrpc":"2.0","id":null,"method":"tools/list"}', 400, -32600, null],
    ['no _meta', '{"jsonrpc":"2.0","id":"q","method":"tools/list","params":{}}', 400, -32602, 'q'],
  ])('that is %s is refused', (_what, body, status, code, id) => {
    const reply = new HttpClient().send({ ...modernPost('tools/list'), body });
    expect(reply).toMatchObject({ status, answer: { id, error: { code } } });
  });

  it('whose header and body name different versions is a mismatch, even if one of them is unknown', () => {
    const request = modernPost('tools/list', { _meta: { [META.protocolVersion]: '2099-01-01' } }, 9);
    expect(new HttpClient().send(request)).toMatchObject({ status: 400, answer: { id: 9, error: { code: -32020 } } });
  });

  it('of an unknown version is told the versions that server/discover lists', async () => {
    const request = modernPost('tools/list', { _meta: { [META.protocolVersion]: '2099-01-01' } });
    const headers = { ...request.headers, 'mcp-protocol-version': '2099-01-01' };
    const client = new HttpClient();
    const refusal = client.send({ ...request, headers }).answer as { error: { code: number; data: unknown } };
    const discovered = (await client.modern('server/discover').ended()).answer;
    const { supportedVersions } = (discovered as { result: { supportedVersions: string[] } }).result;
    expect(refusal.error).toMatchObject({
      code: -32022,
      data: { supported: supportedVersions, requested: '2099-01-01' },
    });
  });

  it.each(['mcp-method', 'mcp-name'])('with a wrong or missing %s is a mismatch', (name) => {
    const request = modernPost('tools/call', { name: 'a' });
    for (const value of ['other', undefined]) {
      const reply = new HttpClient().send({ ...request, headers: { ...request.headers, [name]: value } });
      expect(reply).toMatchObject({ status: 400, answer: { id: 1, error: { code: -32020 } } });
    }
  });

  it('must mirror the arguments that its tool wants mirrored', async () => {
    const client = calling(() => DONE);
    client.endpoint.params = [{ name: 'Region', path: ['region'] }];
    const request = modernPost('tools/call', { name: 'a', arguments: { region: 'us' } });
    expect(client.send(request)).toMatchObject({ status: 400, answer: { id: 1, error: { code: -32020 } } });
    expect(client.endpoint.requests).toHaveLength(0);
    const headers = { ...request.headers, 'mcp-param-region': 'us' };
    expect(await client.send({ ...request, headers }).ended()).toMatchObject({ status: 200 });
    expect(client.endpoint.requests[0]?.paramHeaders).toBe(client.endpoint.params);
  });

  it.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe'])(
    'for %s finds no such method, and never reaches the endpoint',
    (method) => {
      const client = new HttpClient();
      expect(client.modern(method)).toMatchObject({ status: 404, answer: { id: 1, error: { code: -32601 } } });
      expect(client.endpoint.requests).toHaveLength(0);
    },
  );

  it.each([
    [-32601, 404, -32601],
    [-32021, 400, -32021],
    [-32602, 200, -32602],
    [-32603, 200, -32603],
    [-32002, 200, -32602],
    [-32042, 200, -32603],
    [-32020, 200, -32603],
    [-32022, 200, -32603],
    [12345, 200, 12345],
  ])('that fails with %i is answered by HTTP %i and %i, data as it was', async (code, status, sent) => {
    const error = { code, message: 'm', data: new JsonText('{"n":1.0}') };
    const reply = await calling(() => rpcErrorOutcome(error))
      .modern('tools/call', { name: 'a' }, 'i')
      .ended();
    expect(reply.status).toBe(status);
    expect(reply.body).toBe(`{"jsonrpc":"2.0","id":"i","error":{"code":${sent},"message":"m","data":{"n":1.0}}}`);
  });

  it('gets a legacy result in modern form', async () => {
    const legacy = { era: 'legacy', result: new JsonText('{"content":[]}') } as const;
    const reply = await calling(() => legacy)
      .modern('tools/call', { name: 'a' })
      .ended();
    expect(reply.answer).toMatchObject({ result: { content: [], resultType: 'complete' } });
  });

  it('is answered by an error that tells nothing when the endpoint throws', async () => {
    const reply = await calling(() => Promise.reject(new Error('secret')))
      .modern('tools/call', { name: 'a' })
      .ended();
    expect(reply).toMatchObject({ status: 500, answer: { id: 1, error: { code: -32603 } } });
    expect(reply.body).not.toContain('secret');
  });

  it('ignores a session id, and gets none', async () => {
    const request = modernPost('tools/call', { name: 'a' });
    const headers = { ...request.headers, 'mcp-session-id': 'stolen' };
    const reply = await calling(() => DONE)
      .send({ ...request, headers })
      .ended();
    expect(reply).toMatchObject({ status: 200, headers: {} });
  });

  it('from a client that takes neither JSON nor events is refused', () => {
    const request = modernPost('tools/list');
    const reply = new HttpClient().send({ ...request, headers: { ...request.headers, accept: 'text/html' } });
    expect(reply).toMatchObject({ status: 406, answer: { id: 1 } });
  });
});

describe('notes on a modern request', () => {
  it('make the answer an event stream, in order, with the token of the client', async () => {
    const client = calling((exchange) => {
      exchange.note('notifications/progress', new JsonText('{"progressToken":99,"progress":1,"x":1.0}'));
      exchange.note('notifications/com.example/own', undefined);
      return DONE;
    });
    const reply = await client.modern('tools/call', { name: 'a', _meta: { progressToken: 'mine' } }).ended();
    expect(reply).toMatchObject({ status: 200, isStream: true, body: undefined });
    expect(reply.events[0]).toContain('"params":{"progressToken":"mine","progress":1,"x":1.0}');
    expect(reply.parsedEvents.map((event) => event['method'] ?? event['id'])).toEqual([
      'notifications/progress',
      'notifications/com.example/own',
      1,
    ]);
  });

  it('of progress nobody wanted, of changes and of cancellations are dropped', async () => {
    const client = calling((exchange) => {
      exchange.note('notifications/progress', new JsonText('{"progressToken":1,"progress":1}'));
      exchange.note('notifications/tools/list_changed', undefined);
      exchange.note('notifications/elicitation/complete', JsonText.of({ elicitationId: 'e' }));
      exchange.note('notifications/resources/updated', new JsonText('{"uri":"a"}'));
      exchange.note('notifications/cancelled', new JsonText('{"requestId":1}'));
      return DONE;
    });
    expect(await client.modern('tools/call', { name: 'a' }).ended()).toMatchObject({ isStream: false });
  });

  it.each([
    [undefined, []],
    ['warning', ['warning', 'emergency']],
    ['debug', ['debug', 'warning', 'emergency']],
  ])('of the log at level %s let through %j', async (level, expected) => {
    const client = calling((exchange) => {
      for (const each of ['debug', 'warning', 'emergency']) {
        exchange.note('notifications/message', JsonText.of({ level: each, data: 1 }));
      }
      return DONE;
    });
    const meta = level === undefined ? {} : { [META.logLevel]: level };
    const reply = await client.modern('tools/call', { name: 'a', _meta: meta }).ended();
    const levels = reply.parsedEvents.flatMap(
      (event) => (event['params'] as { level: string } | undefined)?.level ?? [],
    );
    expect(levels).toEqual(expected);
  });

  it('are dropped for a client that takes JSON only', async () => {
    const client = calling((exchange) => {
      exchange.note('notifications/com.example/own', undefined);
      return DONE;
    });
    const request = modernPost('tools/call', { name: 'a' });
    const headers = { ...request.headers, accept: 'application/json' };
    expect(await client.send({ ...request, headers }).ended()).toMatchObject({ isStream: false, status: 200 });
  });

  it('end with an error event when the call fails after one', async () => {
    const client = calling((exchange) => {
      exchange.note('notifications/com.example/own', undefined);
      return rpcErrorOutcome({ code: -32601, message: 'm' });
    });
    const reply = await client.modern('tools/call', { name: 'a' }).ended();
    expect(reply).toMatchObject({ status: 200, isStream: true, answer: { id: 1, error: { code: -32601 } } });
  });
});

describe('a modern client', () => {
  it('cancels by closing the reply; what comes later is dropped', async () => {
    const outcome = deferred<Outcome>();
    const reasons: unknown[] = [];
    let exchange: Exchange | undefined;
    const client = calling((given) => {
      exchange = given;
      given.onCancel((reason) => reasons.push(reason));
      return outcome.promise;
    });
    const reply = client.modern('tools/call', { name: 'a' });
    expect(exchange?.cancelled).toBe(false);
    reply.close();
    expect(exchange?.cancelled).toBe(true);
    expect(reasons).toHaveLength(1);
    exchange?.note('notifications/com.example/own', undefined);
    outcome.resolve(DONE);
    await settled();
    expect(reply).toMatchObject({ isEnded: false, events: [] });
  });

  it('that was gone already is told of at once', async () => {
    const client = calling(async (exchange) => {
      await settled();
      exchange.onCancel((reason) => client.endpoint.notes.push(String(reason)));
      return DONE;
    });
    client.modern('tools/call', { name: 'a' }).close();
    await settled();
    await settled();
    expect(client.endpoint.notes).toEqual(['The client closed the stream']);
  });

  it('hears no note that is no JSON after all, and its call goes on', async () => {
    const client = calling(async (exchange) => {
      for (const method of ['notifications/progress', 'notifications/message']) {
        exchange.note(method, new JsonText('{"level":"error","data":{]'));
      }
      return DONE;
    });
    const meta = { progressToken: 1, [META.logLevel]: 'debug' };
    const reply = await client.modern('tools/call', { name: 'a', _meta: meta }).ended();
    expect(reply).toMatchObject({ isStream: false, answer: { result: { x: 1 } } });
  });

  it('has its notifications accepted', () => {
    const { headers, caller } = modernPost('x');
    const body = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/x', params: { _meta: modernMeta() } });
    expect(new HttpClient().send({ headers, caller, body })).toMatchObject({ status: 202, body: undefined });
  });

  it.each(['get', 'delete'] as const)('gets 405 for %s, with and without a session id', async (verb) => {
    const client = new HttpClient();
    const bare = 'Only POST is allowed without Mcp-Session-Id, which initialize gives out';
    expect(client[verb]()).toMatchObject({
      status: 405,
      headers: { Allow: 'POST' },
      answer: { id: null, error: { code: -32600, message: bare } },
    });
    await client.initialize();
    const modern = 'Only POST is allowed in 2026-07-28, which has no sessions';
    expect(client[verb]({ 'mcp-protocol-version': '2026-07-28' })).toMatchObject({
      status: 405,
      answer: { error: { message: modern } },
    });
    expect(client.edge.sessions).toBe(1);
  });
});

describe('server/discover', () => {
  it('says what the endpoint describes, how long that holds, and every version', async () => {
    const reply = await new HttpClient().modern('server/discover', {}, 'd').ended();
    expect(reply).toMatchObject({ status: 200 });
    expect(reply.answer).toEqual({
      jsonrpc: '2.0',
      id: 'd',
      result: {
        resultType: 'complete',
        supportedVersions: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'],
        capabilities: {
          tools: { listChanged: true },
          prompts: {},
          resources: { subscribe: true, listChanged: true },
          extensions: { 'com.example/x': {} },
        },
        instructions: 'Be kind',
        ttlMs: 1000,
        cacheScope: 'public',
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'memory', version: '1' } },
      },
    });
  });

  it('leaves out the tasks of 2025-11-25, which are not bridged', async () => {
    const client = new HttpClient();
    const capabilities = JsonText.of({ tools: {}, tasks: {} });
    client.endpoint.description = { ...(await client.endpoint.description), capabilities };
    const reply = await client.modern('server/discover').ended();
    expect((reply.answer as { result: object }).result).toMatchObject({ capabilities: { tools: {} } });
    expect(reply.body).not.toContain('tasks');
  });

  it('that fails is no evidence of an era: 5xx, with the id', async () => {
    const endpoint = new MemoryEndpoint();
    endpoint.description = Promise.reject(new ForgeError('upstream_unreachable'));
    const reply = await new HttpClient(endpoint).modern('server/discover', {}, 'd').ended();
    expect(reply).toMatchObject({ status: 502, answer: { id: 'd', error: { code: -32603 } } });
  });
});
