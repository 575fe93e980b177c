/** Attempts, deadlines, credentials and hostile servers. */
import { createServer as createTcpServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { createAddressPolicy } from '@forge/core';
import { expect, onTestFinished, test, vi } from 'vitest';
import { callTool, complaintOf, echo, json, resultOf, serve, upstreamAt } from './rest.fixture.ts';

const seen = (result: { structuredContent?: unknown }) =>
  result.structuredContent as { method: string; url: string; headers: Record<string, string>; body: string };

test.each([429, 502, 503, 504])('HTTP %s of a GET is tried again after what it asks for', async (status) => {
  const { url, requests } = await serve((_, response) => {
    if (requests.length > 2) json(response, { ok: true });
    else response.writeHead(status, { 'retry-after': '0' }).end();
  });
  expect((await resultOf(callTool(upstreamAt(url, [{}])))).structuredContent).toEqual({ ok: true });
  expect(requests).toHaveLength(3);
});

test('a POST is not, unless its tool says that it may be', async () => {
  const { url, requests } = await serve((_, response) => response.writeHead(503).end('busy'));
  const upstream = upstreamAt(
    url,
    [{ method: 'POST' }, { name: 'again', method: 'POST', annotations: { idempotentHint: true } }],
    { maxRetries: 1 },
  );
  expect(await complaintOf(callTool(upstream))).toMatch(/^HTTP 503 from POST .*may be tried again later\.\n\nbusy$/s);
  expect(requests).toHaveLength(1);
  expect(await complaintOf(callTool(upstream, {}, 'again'))).toContain('after 2 attempts');
  expect(requests).toHaveLength(3);
});

test('a wait that is longer than the deadline is not waited for, but told', async () => {
  const { url, requests } = await serve((_, response) => response.writeHead(429, { 'retry-after': '90' }).end());
  const outcome = callTool(upstreamAt(url, [{ timeoutMs: 2000 }]));
  expect(await complaintOf(outcome)).toContain('The upstream is called too often. Try again in 90 s.');
  expect((await resultOf(outcome))._meta).toEqual({ 'forge/http': { status: 429, attempts: 1, retryAfter: 90 } });
  expect(requests).toHaveLength(1);
});

test('a connection that is cut in mid-answer: a GET is sent again, of a POST nobody knows', async () => {
  const { url, requests } = await serve((request, response) => {
    if (requests.length === 2) json(response, { ok: true });
    else {
      response.writeHead(200, { 'content-length': 100 });
      response.write('part', () => request.socket.destroy());
    }
  });
  const upstream = upstreamAt(url, [{}, { name: 'post', method: 'POST' }]);
  expect((await resultOf(callTool(upstream))).structuredContent).toEqual({ ok: true });
  const { error } = await callTool(upstream, {}, 'post');
  expect(error).toMatchObject({ code: -32603, message: expect.stringContaining('may have taken effect') });
  expect(error?.data?.value).toMatchObject({ code: 'outcome_unknown', attempts: 1 });
  expect(requests).toHaveLength(3);
});

test('where nothing listens, nothing was sent', async () => {
  const { error } = await callTool(upstreamAt('http://127.0.0.1:1', [{ method: 'POST' }], { maxRetries: 1 }));
  expect(error?.data?.value).toMatchObject({ code: 'upstream_unreachable', attempts: 2 });
});

test('a tool that was registered by itself has no more time than every other', async () => {
  const { url } = await serve(() => {});
  const single = { config: { isSingleTool: true }, timeoutMs: 200 };
  const { error } = await callTool(upstreamAt(url, [{ timeoutMs: 20_000 }], single));
  expect(error?.message).toBe('The upstream did not answer within 200 ms, all attempts together');
  const own = await callTool(upstreamAt(url, [{ timeoutMs: 300 }], single));
  expect(own.error?.message).toContain('within 300 ms');
});

test('a deadline covers all attempts, and a slow drip', async () => {
  const { url } = await serve((request, response) => {
    if (request.url === '/busy') {
      response.writeHead(503).end();
      return;
    }
    const timer = setInterval(() => response.write('.'), 20);
    response.on('close', () => clearInterval(timer));
  });
  const upstream = upstreamAt(url, [{ timeoutMs: 300 }, { name: 'busy', path: '/busy', timeoutMs: 300 }]);
  const begun = performance.now();
  const { error } = await callTool(upstream);
  expect(error?.data?.value).toMatchObject({ code: 'upstream_timeout' });
  expect(performance.now() - begun).toBeLessThan(1000);
  await complaintOf(callTool(upstream, {}, 'busy'));
  expect(performance.now() - begun).toBeLessThan(2000);
});

test('an upstream that fails again and again is left alone for a while, and its pool is told', async () => {
  let isUp = false;
  const { url, requests } = await serve((_, response) => (isUp ? json(response, {}) : response.writeHead(503).end()));
  const lost = vi.fn();
  const upstream = upstreamAt(url, [{ method: 'POST' }], { lost, breaker: { threshold: 2, openMs: 200 } });
  await complaintOf(callTool(upstream));
  expect(await upstream.connect()).toMatchObject({ transport: 'rest' });
  await complaintOf(callTool(upstream));
  expect(lost).toHaveBeenCalledOnce();
  const { error } = await callTool(upstream);
  expect(error).toMatchObject({ message: 'The upstream failed 2 times in a row (HTTP 503); it is tried again in 1 s' });
  expect(error?.data?.value).toMatchObject({ code: 'upstream_unreachable', retryAfter: 1, attempts: 0 });
  await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_unreachable' });
  expect(requests).toHaveLength(2);
  isUp = true;
  await vi.waitFor(() => upstream.connect());
  await resultOf(callTool(upstream));
  await resultOf(callTool(upstream));
  expect(requests).toHaveLength(4);
});

test('credentials of every kind are sent, and no others', async () => {
  const { url } = await serve(echo);
  const upstream = upstreamAt(
    url,
    [
      { credentials: ['basic', 'query', 'cookie'], parameters: [{ argument: 'c', in: 'cookie' }] },
      { name: 'bearer', credentials: ['bearer', 'header'] },
      { name: 'none', credentials: [] },
    ],
    {
      config: {
        credentials: {
          basic: { type: 'basic', username: 'ü', password: 'pass' },
          bearer: { type: 'bearer', token: 'token' },
          header: { type: 'apiKey', in: 'header', name: 'X-Key', value: 'key' },
          query: { type: 'apiKey', in: 'query', name: 'key', value: 'key' },
          cookie: { type: 'apiKey', in: 'cookie', name: 'sid', value: 'key' },
        },
      },
      record: {
        secrets: { pass: 'p', token: 't', key: 'k&k' },
        headers: [{ name: 'X-Tenant', value: '7' }],
      },
    },
  );
  const first = seen(await resultOf(callTool(upstream, { c: 1, q: 2 })));
  expect(first.url).toBe('/things?q=2&key=k%26k');
  expect(first.headers).toMatchObject({ authorization: 'Basic w7w6cA==', cookie: 'c=1; sid=k&k', 'x-tenant': '7' });
  const second = seen(await resultOf(callTool(upstream, {}, 'bearer')));
  expect(second.headers).toMatchObject({ authorization: 'Bearer t', 'x-key': 'k&k' });
  expect([second.url, second.headers['cookie']]).toEqual(['/things', undefined]);
  const third = seen(await resultOf(callTool(upstream, {}, 'none'))).headers;
  expect(Object.keys(third).toSorted()).toEqual([
    'accept',
    'accept-encoding',
    'connection',
    'host',
    'user-agent',
    'x-tenant',
  ]);
  const own = await resultOf(callTool(upstream, {}, 'bearer', { upstreamAuthorization: 'Bearer mine' }));
  expect(seen(own).headers['authorization']).toBe('Bearer mine');
});

/** A token endpoint that numbers its tokens, and an API that takes some of them. */
async function oauth({ expiresIn = 3600, accepts = (_token: string): boolean => true } = {}) {
  const tokens = await serve((_, response) =>
    json(response, { access_token: `t${tokens.requests.length}`, expires_in: expiresIn }),
  );
  const api = await serve((request, response) => {
    const token = String(request.headers.authorization).replace('Bearer ', '');
    if (accepts(token)) json(response, { token });
    else json(response, { said: token }, 401);
  });
  const upstream = upstreamAt(api.url, [{ method: 'POST' }], {
    config: {
      credentials: {
        oauth: {
          type: 'oauth2',
          tokenUrl: `${tokens.url}/token`,
          clientId: 'me',
          clientSecret: 'secret',
          scope: 'a b',
        },
      },
    },
    record: { secrets: { secret: 's3cret' } },
  });
  return { tokens, api, upstream };
}
const tokenOf = (result: { structuredContent?: unknown }) => (result.structuredContent as { token: string }).token;

test('a token is fetched once for many calls', async () => {
  const { tokens, upstream } = await oauth();
  const results = await Promise.all([1, 2, 3].map(() => resultOf(callTool(upstream))));
  results.push(await resultOf(callTool(upstream)));
  expect(results.map(tokenOf)).toEqual(['t1', 't1', 't1', 't1']);
  expect(tokens.requests).toHaveLength(1);
  expect(tokens.requests[0]?.headers.authorization).toBe(`Basic ${btoa('me:s3cret')}`);
});

test('a token is renewed before it expires', async () => {
  const { upstream } = await oauth({ expiresIn: 2 });
  expect(tokenOf(await resultOf(callTool(upstream)))).toBe('t1');
  vi.useFakeTimers({ now: Date.now() + 1900, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  expect(tokenOf(await resultOf(callTool(upstream)))).toBe('t2');
});

test('a token that is refused is renewed once, even for a POST, and stays out of the complaint', async () => {
  const { api, upstream } = await oauth({ accepts: (token) => token === 't1' && api.requests.length === 1 });
  expect(tokenOf(await resultOf(callTool(upstream)))).toBe('t1');
  vi.useFakeTimers({ now: Date.now() + 2000, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  expect(await complaintOf(callTool(upstream))).toMatch(/^HTTP 401 .*\{"said":"t2"\}$/s); // too short to be a secret
  expect(api.requests).toHaveLength(3);
});

test('a token endpoint that refuses is told of by its code alone', async () => {
  const tokens = await serve((_, response) =>
    json(response, { error: 'invalid_client', error_description: 's3cret' }, 401),
  );
  const { url, requests } = await serve(echo);
  const credential = {
    type: 'oauth2',
    tokenUrl: tokens.url,
    clientId: 'me',
    clientSecret: 's',
    clientAuth: 'post',
  } as const;
  const upstream = upstreamAt(url, [{}], {
    config: { credentials: { credential } },
    record: { secrets: { s: 's3cret' } },
  });
  expect(await complaintOf(callTool(upstream))).toBe(`No token from ${tokens.url}: HTTP 401 (invalid_client)`);
  expect(requests).toEqual([]);
});

test('a call that runs out of time while a token is fetched ends, and leaves the token to the others', async () => {
  const tokens = await serve((_, response) => void setTimeout(() => json(response, { access_token: 't1' }), 1500));
  const { url, requests } = await serve(echo);
  const credential = { type: 'oauth2', tokenUrl: tokens.url, clientId: 'me', clientSecret: 's' } as const;
  const upstream = upstreamAt(url, [{ timeoutMs: 300 }, { name: 'patient' }], {
    config: { credentials: { credential } },
    record: { secrets: { s: 's3cret' } },
  });
  const start = Date.now();
  const patient = resultOf(callTool(upstream, {}, 'patient'));
  const { error } = await callTool(upstream);
  expect(error?.data?.value).toMatchObject({ code: 'upstream_timeout', attempts: 0 });
  expect(Date.now() - start).toBeLessThan(1400);
  expect(seen(await patient).headers).toMatchObject({ authorization: 'Bearer t1' });
  expect([tokens.requests.length, requests.length]).toEqual([1, 1]);
});

test('the token before stays out of complaints, too: it may be good still', async () => {
  const tokens = await serve((_, response) => json(response, { access_token: `token-${tokens.requests.length}` }));
  const sent: unknown[] = [];
  const { url } = await serve((request, response) => {
    sent.push(request.headers.authorization);
    json(response, { sent }, sent.length === 1 ? 200 : 400);
  });
  const credential = { type: 'oauth2', tokenUrl: tokens.url, clientId: 'me', clientSecret: 's' } as const;
  const upstream = upstreamAt(url, [{}], {
    config: { credentials: { credential } },
    record: { secrets: { s: 's3cret' } },
  });
  await resultOf(callTool(upstream));
  vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
  expect(await complaintOf(callTool(upstream))).toContain('["Bearer [secret]","Bearer [secret]"]');
  expect(sent).toEqual(['Bearer token-1', 'Bearer token-2']);
});

test('hostile answers are clear errors', async () => {
  const { url } = await serve((request, response) => {
    switch (request.url) {
      case '/endless':
        response.writeHead(200, { 'content-type': 'text/plain' });
        for (let at = 0; at < 40; at += 1) response.write('x'.repeat(100_000));
        return;
      case '/bomb':
        response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(20_000_000)));
        return;
      case '/broken':
        response.writeHead(200, { 'content-encoding': 'gzip' }).end('not gzip');
        return;
      case '/deep':
        response.setHeader('content-type', 'application/json').end('['.repeat(100_000));
        return;
      default:
        response.writeHead(302, { location: '/loop' }).end();
    }
  });
  const paths = ['endless', 'bomb', 'broken', 'deep', 'loop'];
  const upstream = upstreamAt(
    url,
    paths.map((name) => ({ name, path: `/${name}` })),
  );
  const [endless, bomb, broken, deep, loop] = await Promise.all(
    paths.map((name) => complaintOf(callTool(upstream, {}, name))),
  );
  expect([endless, bomb]).toEqual([expect.stringContaining('too long'), expect.stringContaining('bytes compressed')]);
  expect(broken).toContain('compressed (gzip), and is not');
  expect(deep).toContain('not the JSON that it says it is');
  expect(loop).toContain('more than 5 times');
});

test('what is not HTTP is an error', async () => {
  const server = createTcpServer((socket) => void socket.once('data', () => socket.end('SSH-2.0-nothing\r\n')));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await complaintOf(callTool(upstreamAt(url, [{}])))).toBe(
    'The upstream answered with something that is not HTTP',
  );
});

test('a host that is refused by now is not called, nor told of', async () => {
  const { url, requests } = await serve(echo);
  let allowLoopback = true;
  const addresses = { refusal: (host: string) => createAddressPolicy({ allowLoopback }).refusal(host) };
  const upstream = upstreamAt(url, [{}], { addresses });
  allowLoopback = false;
  const { error } = await callTool(upstream);
  expect(error).toMatchObject({ code: -32003, message: expect.stringContaining('must not be called') });
  expect(requests).toEqual([]);
});
