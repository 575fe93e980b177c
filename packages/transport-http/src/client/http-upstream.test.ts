import { JsonText } from '@forge/protocol';
import { describe, expect, it, vi } from 'vitest';
import { httpUpstream } from './http-upstream.ts';
import { type Handler, inSession, json, legacyServer, modernServer, TestEvents, testClient } from './server.fixture.ts';
import { codeOf, started, upstreamAt } from './upstream.fixture.ts';

const status =
  (code: number, body = ''): Handler =>
  ({ response }) =>
    response.writeHead(code).end(body);

describe('finding the era over HTTP', () => {
  it('takes an answer to server/discover for a modern server', async () => {
    const server = await started(modernServer());
    expect(await upstreamAt(server.url).upstream.connect()).toMatchObject({
      era: 'modern',
      protocolVersion: '2026-07-28',
      transport: 'streamable-http',
    });
    expect(server.hits).toHaveLength(1);
  });

  it.each<[string, Handler, string]>([
    ['answers everything with an empty result', (hit) => json(hit, { result: {} }), 'without supportedVersions'],
    ['says 404', status(404), '404'],
    ['says 405', status(405, 'no'), '405'],
    ['answers a page', status(200, '<html>'), 'with something that is no JSON-RPC'],
    ['answers nothing', status(202), 'with something that is no JSON-RPC'],
    [
      'does not know the method',
      (hit) => json(hit, { error: { code: -32601, message: 'no' } }, 400),
      '400 with -32601',
    ],
  ])('initializes a server that %s, and says why', async (_name, handler, how) => {
    const server = await started(legacyServer());
    server.handlers.set('server/discover', handler);
    expect(await upstreamAt(server.url).upstream.connect()).toMatchObject({
      era: 'legacy',
      transport: 'streamable-http',
      reason: `server/discover was answered ${how}; initialize agreed on 2025-11-25`,
    });
  });

  it('asks a legacy server again when told to, and speaks to it as a modern one once it is one', async () => {
    const server = await started(legacyServer());
    inSession(server, () => {});
    const { upstream, events, call } = upstreamAt(server.url);
    expect((await upstream.connect()).era).toBe('legacy');
    await upstream.lookAgain?.();
    expect(server.of('server/discover')).toHaveLength(2);
    expect((await upstream.connect()).era).toBe('legacy');
    expect(events.log).toEqual([]);
    server.handlers.set('server/discover', status(503));
    await expect(upstream.lookAgain?.()).rejects.toMatchObject({ code: 'upstream_error' });
    expect((await upstream.connect()).era).toBe('legacy');
    for (const [method, handler] of modernServer().handlers) server.handlers.set(method, handler);
    server.handlers.set('tools/call', (hit) => json(hit, { result: {} }));
    await upstream.lookAgain?.();
    expect(events.log).toEqual(['tools changed', 'prompts changed', 'resources changed']);
    expect((await call('t').outcome).era).toBe('modern');
  });

  it.each([{ era: 'legacy' as const }, { transport: 'sse' as const }])(
    'never asks again where it is told: %j',
    (told) => {
      expect(upstreamAt('http://127.0.0.1:9/mcp', told).upstream.lookAgain).toBeUndefined();
    },
  );

  it('tries once more with a revision that the server names', async () => {
    const server = await started(modernServer());
    const discover = server.handlers.get('server/discover');
    server.handlers.set('server/discover', (hit) => {
      if (server.hits.length > 1) return discover?.(hit);
      json(hit, { error: { code: -32022, message: 'no', data: { supported: ['2026-07-28'], requested: 'x' } } }, 400);
    });
    expect(await upstreamAt(server.url).upstream.connect()).toMatchObject({ era: 'modern' });
    expect(server.hits).toHaveLength(2);
  });

  it.each([401, 403, 429, 500, 503])('does not take a %i for evidence', async (code) => {
    const server = await started(legacyServer());
    server.handlers.set('server/discover', status(code));
    await expect(upstreamAt(server.url).upstream.connect()).rejects.toMatchObject({
      code: 'upstream_error',
      message: expect.stringContaining(String(code)),
    });
    expect(server.of('initialize')).toEqual([]);
  });

  it('does not take silence for evidence', async () => {
    const server = await started(legacyServer());
    server.handlers.set('server/discover', () => {});
    const { upstream } = upstreamAt(server.url, { requestTimeoutMs: 60 });
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_timeout' });
    expect(server.of('initialize')).toEqual([]);
  });

  it('says that nothing was sent when there is no server, without its address to clients', async () => {
    const server = await started(modernServer());
    const { url, port } = server;
    await server.stop();
    const { upstream, call } = upstreamAt(url);
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_unreachable' });
    const outcome = await call('t').outcome;
    expect(codeOf(outcome)).toBe('upstream_unreachable');
    expect(JSON.stringify(outcome)).not.toContain(String(port));
  });

  it('finds the era with a client’s credential where there is no other', async () => {
    const server = await started(modernServer());
    const discover = server.handlers.get('server/discover');
    server.handlers.set('server/discover', (hit) =>
      hit.headers.authorization === 'Bearer alice' ? discover?.(hit) : hit.response.writeHead(401).end(),
    );
    server.handlers.set('tools/call', (hit) => json(hit, { result: {} }));
    const { upstream, call } = upstreamAt(server.url);
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_error' });
    const [bad, good] = [
      call('t', testClient({ upstreamAuthorization: 'Bearer bob' })),
      call('t', testClient({ upstreamAuthorization: 'Bearer alice' })),
    ];
    expect(codeOf(await bad.outcome)).toBe('upstream_error');
    expect((await good.outcome).result).toBeDefined();
  });

  it('looks again when a server of the other era has taken its place, and sends the call that was turned away', async () => {
    const modern = await started(modernServer());
    modern.handlers.set('tools/call', (hit) =>
      hit.headers['mcp-session-id'] === undefined
        ? json(hit, { result: { era: 'modern' } })
        : json({ ...hit, message: {} }, { id: null, error: { code: -32602, message: 'no _meta' } }, 400),
    );
    const { call, events } = upstreamAt(modern.url);
    expect((await call('t').outcome).era).toBe('modern');
    /** A call on a connection that is not one of those that the stopped server has just cut. */
    const settledCall = () =>
      vi.waitFor(async () => {
        const outcome = await call('t').outcome;
        expect(codeOf(outcome)).not.toBe('outcome_unknown');
        return outcome;
      });
    const { port } = modern;
    await modern.stop();

    const legacy = await started(legacyServer(), port);
    const serve = inSession(legacy, (hit) => json(hit, { result: { era: 'legacy' } }));
    legacy.handlers.set('tools/call', (hit) =>
      hit.headers['mcp-session-id'] === undefined ? legacy.handlers.get('server/discover')?.(hit) : serve(hit),
    );
    expect(await settledCall()).toMatchObject({ era: 'legacy', result: { text: '{"era":"legacy"}' } });
    expect(events.log).toEqual(['tools changed', 'prompts changed', 'resources changed']);
    await legacy.stop();

    expect(codeOf(await settledCall())).toBe('upstream_unreachable');
    await events.until(/^lost/);
    const again = await started(modernServer(), port);
    again.handlers.set('tools/call', (hit) => json(hit, { result: {} }));
    expect((await settledCall()).era).toBe('modern');
    expect(events.log.filter((entry) => entry.startsWith('lost'))).toHaveLength(1);
  });

  it('refuses what cannot be an upstream', () => {
    const make = (url: string, headers = {}) =>
      httpUpstream({ url, headers, events: new TestEvents(), clientInfo: new JsonText('{}') });
    for (const url of ['nonsense', 'file:///etc/passwd', 'http://user:s3cret@localhost/']) {
      expect(() => make(url)).toThrow(/^The URL[^3]*$/);
    }
    expect(() => make('http://localhost/', { 'x-a': 's3cret\nx' })).toThrow(/^The header x-a has an invalid value$/);
    expect(() => make('http://localhost/', { 'x a': '1' })).toThrow(/invalid name/);
  });

  it('ends calls with cancelled when it is closed, and takes no more', async () => {
    const server = await started(modernServer());
    server.handlers.set('tools/call', () => {});
    const { upstream, call } = upstreamAt(server.url);
    const { outcome } = call('t');
    await server.got('tools/call');
    await upstream.close();
    await upstream.close();
    expect((await outcome).error?.code).toBe(-32800);
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('a name that leads to an address', () => {
  it('that is refused is not connected to', async () => {
    const server = await started(modernServer());
    const asked: string[] = [];
    const refusesAddress = (address: string): boolean => asked.push(address) > 0;
    const { upstream } = upstreamAt(server.url.replace('127.0.0.1', 'localhost'), { refusesAddress });
    await expect(upstream.connect()).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringContaining('EADDRREFUSED'),
    });
    expect(server.connections).toBe(0);
    expect(asked).not.toEqual([]);
  });

  it('that is not refused is connected to', async () => {
    const server = await started(modernServer());
    const { upstream } = upstreamAt(server.url.replace('127.0.0.1', 'localhost'), { refusesAddress: () => false });
    expect(await upstream.connect()).toMatchObject({ era: 'modern' });
  });
});
