import { JsonText } from '@forge/protocol';
import { describe, expect, it } from 'vitest';
import { event, events, type Handler, inSession, json, legacyServer, testClient } from './server.fixture.ts';
import { codeOf, started, upstreamAt } from './upstream.fixture.ts';

const ok: Handler = (hit) => json(hit, { result: { content: [] } });

/** A legacy server whose `tools/call` does this, on a session that exists. */
async function serving(handler: Handler, capabilities: object = {}) {
  const server = await started(legacyServer(capabilities));
  server.handlers.set('tools/call', inSession(server, handler));
  return server;
}

const inClientSession = (sessionId: string) =>
  testClient({ era: 'legacy', sessionId, capabilities: new JsonText('{"elicitation":{},"roots":{}}') });

describe('a legacy session over HTTP', () => {
  it('is opened once, and used by every client without a session', async () => {
    const server = await serving(ok);
    const { call } = upstreamAt(server.url);
    const [one, two] = await Promise.all([call('t').outcome, call('t').outcome]);
    expect([one?.era, two?.era]).toEqual(['legacy', 'legacy']);
    const [session] = server.sessions;
    for (const { headers, message } of server.of('tools/call')) {
      expect(headers).toMatchObject({ 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' });
      expect(message.params).not.toHaveProperty('_meta');
    }
    const methods = server.hits.map(({ method, message }) => message.method ?? method);
    expect(methods.slice(0, 3)).toEqual(['server/discover', 'initialize', 'notifications/initialized']);
    expect(methods.filter((method) => method === 'initialize')).toHaveLength(1);
  });

  it('is one of its own for each session of a client, and is ended with it', async () => {
    const server = await serving(ok);
    const { call, upstream } = upstreamAt(server.url);
    await call('t', inClientSession('a')).outcome;
    await call('t', inClientSession('b')).outcome;
    await call('t', inClientSession('a')).outcome;
    const used = server.of('tools/call').map(({ headers }) => headers['mcp-session-id']);
    expect(used[0]).toBe(used[2]);
    expect(new Set(used).size).toBe(2);
    const [, , own] = server.of('initialize').map(({ message }) => message.params);
    expect(own?.['capabilities']).toEqual({ elicitation: {}, roots: {} });
    upstream.sessionEnded('a');
    expect((await server.got('DELETE')).headers['mcp-session-id']).toBe(used[0]);
    await upstream.close();
    expect([...server.sessions]).toEqual([]);
  });

  it('is never shared by two credentials', async () => {
    const server = await serving(ok);
    const owners = new Map<string, string | undefined>();
    server.handlers.set(
      'tools/call',
      inSession(server, (hit) => {
        const session = String(hit.headers['mcp-session-id']);
        const owner = owners.get(session) ?? hit.headers.authorization;
        owners.set(session, owner);
        if (owner === hit.headers.authorization) ok(hit);
        else hit.response.writeHead(403).end();
      }),
    );
    const { call } = upstreamAt(server.url, { headers: { authorization: 'Bearer static' } });
    const who = [undefined, 'Bearer alice', 'Bearer bob', 'Bearer alice'];
    for (const upstreamAuthorization of who) {
      for (const sessionId of [undefined, 's']) {
        const client = testClient({ era: 'legacy', sessionId, upstreamAuthorization });
        expect((await call('t', client).outcome).result).toBeDefined();
      }
    }
    expect(new Set(owners.values()).size).toBe(3);
    expect(owners.size).toBe(6);
    for (const { headers } of server.of('GET'))
      expect(owners.get(String(headers['mcp-session-id']))).toBe(headers.authorization);
  });

  it('is opened again when the server has forgotten it, and the call that found out is sent again', async () => {
    const server = await serving(ok, { tools: { listChanged: true } });
    const { call, events: heard } = upstreamAt(server.url);
    await call('t').outcome;
    server.sessions.clear();
    expect((await call('t').outcome).result).toBeDefined();
    expect(server.of('initialize')).toHaveLength(2);
    expect(server.of('tools/call')).toHaveLength(3);
    expect(heard.log).toContain('tools changed');
  });

  it('is opened once where a server has no route for GET, and says 404', async () => {
    const server = await serving(ok);
    server.handlers.set('GET', ({ response }) => response.writeHead(404).end());
    const { call } = upstreamAt(server.url);
    await call('t').outcome;
    await server.got('GET');
    for (let calls = 0; calls < 5; calls += 1) await call('t').outcome;
    expect(server.of('initialize')).toHaveLength(1);
    expect(server.of('GET')).toHaveLength(1);
  });

  it('is opened again when its own stream finds out that the server has forgotten it', async () => {
    const server = await serving(ok);
    server.handlers.set('GET', (hit) => {
      if (server.of('GET').length === 1) events(hit);
      else hit.response.writeHead(404);
      hit.response.end('retry: 1\n\n');
    });
    await upstreamAt(server.url).call('t').outcome;
    await server.got('initialize', 2);
    expect(server.of('GET')).toHaveLength(2);
  });

  it('gives way to a modern server while all others are busy', async () => {
    const server = await serving(() => {});
    const { call } = upstreamAt(server.url, { maxSessions: 1 });
    void call('t', inClientSession('a'));
    await server.got('tools/call');
    const result = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities: {} };
    server.handlers.set('server/discover', (hit) => json(hit, { result }));
    server.handlers.set('tools/call', (hit) =>
      hit.headers['mcp-method'] === undefined ? void hit.response.writeHead(400).end() : ok(hit),
    );
    expect((await call('t').outcome).result).toBeDefined();
    await server.got('DELETE');
  });

  it('is not opened for ever when the server forgets every one', async () => {
    const server = await serving(ok);
    server.handlers.set('tools/call', ({ response }) => response.writeHead(404).end());
    const outcome = await upstreamAt(server.url).call('t').outcome;
    expect(outcome.error?.message).toContain('404');
    expect(server.of('tools/call')).toHaveLength(2);
  });

  it('is refused past the cap while all are busy', async () => {
    const server = await serving(() => {});
    const { call } = upstreamAt(server.url, { maxSessions: 1 });
    void call('t', inClientSession('a'));
    await server.got('tools/call');
    expect((await call('t', inClientSession('b')).outcome).error?.code).toBe(-32010);
  });

  it('is not used when its id is no visible ASCII', async () => {
    const server = await serving(ok);
    server.handlers.set('initialize', (hit) =>
      json(hit, { result: { protocolVersion: '2025-11-25', capabilities: {} } }, 200, { 'mcp-session-id': 'a b' }),
    );
    await expect(upstreamAt(server.url).upstream.connect()).rejects.toMatchObject({ code: 'upstream_error' });
  });

  it('works without an id, too', async () => {
    const server = await started(legacyServer());
    server.handlers.set('initialize', (hit) =>
      json(hit, { result: { protocolVersion: '2025-03-26', capabilities: {}, serverInfo: {} } }),
    );
    server.handlers.set('tools/call', ok);
    expect((await upstreamAt(server.url).call('t').outcome).result).toBeDefined();
    expect(server.of('tools/call')[0]?.headers).not.toHaveProperty('mcp-session-id');
  });
});

describe('a call on a legacy session', () => {
  it('hears of its own progress, and its questions are the client’s', async () => {
    const server = await serving((hit) => {
      events(hit);
      event(hit, { method: 'notifications/progress', params: { progressToken: hit.message.id, progress: 1 } });
      event(hit, { id: 'q1', method: 'elicitation/create', params: { message: 'Name?' } });
    });
    server.handlers.set('answer', (answer) => {
      answer.response.writeHead(202).end();
      const [hit] = server.of('tools/call');
      if (hit !== undefined) event(hit, { id: hit.message.id, result: { answered: answer.message.result } });
      hit?.response.end();
    });
    const { call } = upstreamAt(server.url);
    const { exchange, outcome } = call('t', inClientSession('a'), { progressToken: '"x"' });
    expect((await outcome).result?.value).toEqual({ answered: { action: 'accept' } });
    expect(exchange.asks).toMatchObject([{ method: 'elicitation/create' }]);
    expect(exchange.notes).toMatchObject([{ method: 'notifications/progress' }]);
    const answer = server.hits.find(({ message }) => message.result !== undefined);
    expect(answer?.headers['mcp-session-id']).toBe(server.of('tools/call')[0]?.headers['mcp-session-id']);
  });

  it('does not time out while the client is being asked', async () => {
    const server = await serving((hit) => {
      events(hit);
      event(hit, { id: 'q1', method: 'elicitation/create', params: {} });
    });
    const { call } = upstreamAt(server.url, { requestTimeoutMs: 60 });
    const { exchange, outcome } = call('t', inClientSession('a'));
    exchange.answer = new Promise((resolve) => {
      setTimeout(() => resolve({ error: { code: -1, message: 'no' } }), 200);
    });
    server.handlers.set('answer', (answer) => {
      answer.response.writeHead(202).end();
      const [hit] = server.of('tools/call');
      if (hit !== undefined) event(hit, { id: hit.message.id, result: {} });
    });
    expect((await outcome).result).toBeDefined();
  });

  it('is cancelled by a message, because closing the connection would not', async () => {
    const server = await serving(() => {});
    const { call } = upstreamAt(server.url);
    const { exchange, outcome } = call('t');
    const { message } = await server.got('tools/call');
    exchange.cancel('enough');
    expect((await outcome).error?.code).toBe(-32800);
    const cancelled = await server.got('notifications/cancelled');
    expect(cancelled.message.params).toEqual({ requestId: message.id, reason: 'enough' });
  });

  it('is cancelled at the server when its time is up', async () => {
    const server = await serving(() => {});
    const { outcome } = upstreamAt(server.url, { requestTimeoutMs: 80 }).call('t');
    expect(codeOf(await outcome)).toBe('upstream_timeout');
    await server.got('notifications/cancelled');
  });

  it('goes on where its stream was cut, after the wait that the server asked for', async () => {
    const server = await serving((hit) => {
      events(hit);
      hit.response.write('retry: 120\nid: e1\ndata: \n\n');
      hit.response.end();
    });
    server.handlers.set('GET', (hit) => {
      if (hit.headers['last-event-id'] === undefined) return hit.response.writeHead(405).end();
      const [original] = server.of('tools/call');
      events(hit);
      event(hit, { id: original?.message.id, result: { late: true } }, 'e2');
      return hit.response.end();
    });
    const before = Date.now();
    const outcome = await upstreamAt(server.url).call('t').outcome;
    expect(outcome.result?.value).toEqual({ late: true });
    expect(Date.now() - before).toBeGreaterThanOrEqual(115);
    const resumed = server.of('GET').find(({ headers }) => headers['last-event-id'] !== undefined);
    expect(resumed?.headers['last-event-id']).toBe('e1');
    expect(server.of('tools/call')).toHaveLength(1);
  });

  it('goes on as often as the server closes the connection, and is sent once', async () => {
    const server = await serving((hit) => {
      events(hit);
      hit.response.end('retry: 1\nid: e0\ndata: \n\n');
    });
    const asked: unknown[] = [];
    server.handlers.set('GET', (hit) => {
      if (hit.headers['last-event-id'] === undefined) return hit.response.writeHead(405).end();
      events(hit);
      asked.push(hit.headers['last-event-id']);
      const [original] = server.of('tools/call');
      if (asked.length === 2) event(hit, { method: 'notifications/x' }, 'e1');
      if (asked.length === 4) event(hit, { id: original?.message.id, result: { late: true } });
      return hit.response.end();
    });
    const { exchange, outcome } = upstreamAt(server.url).call('t', testClient(), { progressToken: '1' });
    expect((await outcome).result?.value).toEqual({ late: true });
    expect(asked).toEqual(['e0', 'e0', 'e1', 'e1']);
    expect(exchange.notes).toMatchObject([{ method: 'notifications/x' }]);
    expect(server.of('tools/call')).toHaveLength(1);
  });

  it('goes on behind the last event that came whole when its connection is cut, over failures on the way', async () => {
    const server = await serving((hit) => {
      events(hit);
      hit.response.write('retry: 1\n');
      event(hit, { method: 'notifications/x' }, 'e1');
      hit.response.write('id: e2\ndata: {"jsonr', () => hit.response.destroy());
    });
    const asked: unknown[] = [];
    server.handlers.set('GET', (hit) => {
      if (hit.headers['last-event-id'] === undefined) return hit.response.writeHead(405).end();
      asked.push(hit.headers['last-event-id']);
      if (asked.length === 1) return hit.response.destroy();
      if (asked.length === 2) return hit.response.writeHead(503).end();
      const [original] = server.of('tools/call');
      events(hit);
      event(hit, { id: original?.message.id, result: { late: true } }, 'e2');
      return hit.response.end();
    });
    expect((await upstreamAt(server.url).call('t').outcome).result?.value).toEqual({ late: true });
    expect(asked).toEqual(['e1', 'e1', 'e1']);
    expect(server.of('tools/call')).toHaveLength(1);
  });

  it('is given up when it cannot be gone on with however often, and by its deadline', async () => {
    const server = await serving((hit) => {
      events(hit);
      hit.response.write('retry: 1\nid: e1\ndata: \n\n', () => hit.response.destroy());
    });
    server.handlers.set('GET', (hit) => {
      if (hit.headers['last-event-id'] === undefined) hit.response.writeHead(405).end();
      else hit.response.destroy();
    });
    const { call } = upstreamAt(server.url);
    expect(codeOf(await call('t').outcome)).toBe('outcome_unknown');
    expect(server.of('GET').filter(({ headers }) => headers['last-event-id'] === 'e1')).toHaveLength(5);
    const hasty = upstreamAt(server.url, { requestTimeoutMs: 150 });
    expect(codeOf(await hasty.call('t').outcome)).toBe('upstream_timeout');
    expect(server.of('tools/call')).toHaveLength(2);
  });

  it.each([400, 404, 405])('may have taken effect when going on with it is answered by %i', async (status) => {
    const server = await serving((hit) => {
      events(hit);
      hit.response.end('retry: 1\nid: e1\ndata: \n\n');
    });
    server.handlers.set('GET', ({ headers, response }) => {
      response.writeHead(headers['last-event-id'] === undefined ? 405 : status).end();
    });
    expect(codeOf(await upstreamAt(server.url).call('t').outcome)).toBe('outcome_unknown');
    expect(server.of('tools/call')).toHaveLength(1);
    expect(server.of('GET')).toHaveLength(2);
  });

  it('may have taken effect when its stream is cut and cannot be gone on with', async () => {
    const server = await serving((hit) => {
      events(hit);
      const id = hit.message.params?.['name'] === 'resumable' ? 'retry: 100\nid: e1\n' : '';
      hit.response.end(`${id}data: \n\n`);
    });
    const { call } = upstreamAt(server.url);
    for (const name of ['plain', 'resumable']) expect(codeOf(await call(name).outcome)).toBe('outcome_unknown');
  });

  it('sets the log level of its session first', async () => {
    const server = await serving(ok, { logging: {} });
    server.handlers.set('logging/setLevel', (hit) => json(hit, { result: {} }));
    await upstreamAt(server.url).call('t', testClient({ logLevel: 'info' })).outcome;
    const methods = server.hits.map(({ message }) => message.method);
    expect(methods.indexOf('logging/setLevel')).toBeLessThan(methods.indexOf('tools/call'));
    expect(server.of('logging/setLevel')[0]?.message.params).toEqual({ level: 'info' });
  });
});

describe('the own stream of a legacy session', () => {
  it('is there before the first call, since what a server says too early on it is lost', async () => {
    const order: string[] = [];
    const server = await serving((hit) => {
      order.push('call');
      ok(hit);
    });
    server.handlers.set('GET', (hit) => {
      setTimeout(() => {
        order.push('stream');
        events(hit);
      }, 50);
    });
    await upstreamAt(server.url).call('t').outcome;
    expect(order).toEqual(['stream', 'call']);
  });

  it('is not waited for where the server says nothing about it', async () => {
    const server = await serving(ok);
    server.handlers.set('GET', () => {});
    expect((await upstreamAt(server.url).call('t').outcome).result).toBeDefined();
  });

  it('tells of changes, and is opened again with the id of the last event', async () => {
    const server = await serving(ok, { resources: { subscribe: true } });
    server.handlers.set('resources/subscribe', (hit) => json(hit, { result: {} }));
    server.handlers.set('GET', (hit) => {
      events(hit);
      hit.response.write('retry: 100\nid: start\ndata: \n\n');
    });
    const { upstream, events: heard } = upstreamAt(server.url);
    await upstream.connect();
    upstream.watch(new Set(['a:1']));
    expect((await server.got('resources/subscribe')).message.params).toEqual({ uri: 'a:1' });
    const stream = await server.got('GET');
    event(stream, { method: 'notifications/resources/updated', params: { uri: 'a:1' } }, 'e7');
    await heard.until(/a:1 updated/);
    stream.response.end();
    const again = await server.got('GET', 2);
    expect(again.headers['last-event-id']).toBe('e7');
    event(again, { method: 'notifications/tools/list_changed' });
    await heard.until(/tools changed/);
  });

  it('begins anew where the server does not know its last event any more', async () => {
    const server = await serving(ok);
    server.handlers.set('GET', (hit) => {
      const knows = hit.headers['last-event-id'] === undefined;
      if (knows) events(hit);
      if (!knows) hit.response.writeHead(400).end();
      else if (server.of('GET').length === 1) hit.response.end('retry: 1\nid: e1\ndata: \n\n');
      else event(hit, { method: 'notifications/tools/list_changed' });
    });
    const { upstream, events: heard } = upstreamAt(server.url);
    await upstream.connect();
    await heard.until(/tools changed/);
    expect(server.of('GET').map(({ headers }) => headers['last-event-id'])).toEqual([undefined, 'e1', undefined]);
  });

  it('carries questions to the paired session, and refuses them on the shared one', async () => {
    const server = await serving(ok);
    server.handlers.set('GET', (hit) => events(hit));
    const { call, events: heard } = upstreamAt(server.url);
    await call('t', inClientSession('a')).outcome;
    const shared = await server.got('GET', 1);
    const own = await server.got('GET', 2);
    event(own, { id: 'q1', method: 'roots/list' });
    event(shared, { id: 'q2', method: 'roots/list' });
    event(shared, { id: 'q3', method: 'ping' });
    const answers = async (id: string) => {
      for (let count = 1; ; count += 1) {
        const hit = await server.got('POST', count);
        if ((hit.message.id as unknown) === id) return hit.message;
      }
    };
    expect(await answers('q1')).toMatchObject({ result: { roots: [] } });
    expect(await answers('q2')).toMatchObject({ error: { code: -32600 } });
    expect(await answers('q3')).toMatchObject({ result: {} });
    expect(heard.log).toEqual(['a asked roots/list']);
  });

  it('that ends because the server is gone is a lost upstream, reported once', async () => {
    const server = await serving(ok);
    server.handlers.set('GET', (hit) => {
      events(hit);
      hit.response.write('retry: 100\nid: e1\ndata: \n\n');
    });
    const { upstream, events: heard } = upstreamAt(server.url);
    await upstream.connect();
    await server.got('GET');
    await server.stop();
    await heard.until(/^lost/);
    expect(heard.log).toHaveLength(1);
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_unreachable' });
  });
});
