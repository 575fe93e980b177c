import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createTokenSource, type TokenOptions } from './token-source.ts';

/** Requests that came, with their bodies. */
interface Endpoint {
  readonly url: string;
  readonly requests: { readonly headers: IncomingMessage['headers']; readonly form: string }[];
}

async function serve(answer: RequestListener): Promise<Endpoint> {
  const requests: Endpoint['requests'] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    requests.push({ headers: request.headers, form: await text(request) });
    answer(request, response);
  };
  const server = createServer((request, response) => void take(request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`, requests };
}

/** Numbers its tokens. */
async function numbering(more: object = {}): Promise<Endpoint> {
  const endpoint: Endpoint = await serve((_, response) =>
    response.end(JSON.stringify({ access_token: `t${endpoint.requests.length}`, ...more })),
  );
  return endpoint;
}

function sourceAt(tokenUrl: string, options: Partial<TokenOptions> = {}, credential = {}) {
  const source = createTokenSource({
    credential: { tokenUrl, clientId: 'me', ...credential },
    clientSecret: 's3c:ret',
    refuses: () => false,
    ...options,
  });
  onTestFinished(() => source.close());
  return source;
}

function later(ms: number): void {
  vi.useFakeTimers({ now: Date.now() + ms, toFake: ['Date'] });
  onTestFinished(() => void vi.useRealTimers());
}

test('a client proves itself by Basic, form-encoded first, or in the form', async () => {
  const { url, requests } = await numbering();
  const scope = 'a b';
  await sourceAt(url, {}, { scope, audience: 'x', resource: 'https://api.example.com' }).token();
  await sourceAt(url, {}, { clientAuth: 'post' }).token();
  const [basic, post] = requests.map(({ form, headers }) => [Object.fromEntries(new URLSearchParams(form)), headers]);
  expect(basic).toMatchObject([
    { grant_type: 'client_credentials', scope, audience: 'x', resource: 'https://api.example.com' },
    { authorization: `Basic ${btoa('me:s3c%3Aret')}` },
  ]);
  expect(post?.[0]).toEqual({ grant_type: 'client_credentials', client_id: 'me', client_secret: 's3c:ret' });
  expect(post?.[1]).not.toHaveProperty('authorization');
});

test('many who need a token at one time share one request, and who comes later the token', async () => {
  const { url, requests } = await numbering();
  const source = sourceAt(url);
  expect(await Promise.all([source.token(), source.token()])).toEqual(['t1', 't1']);
  expect(await source.token()).toBe('t1');
  expect(requests).toHaveLength(1);
});

test.each<[object, number, number]>([
  [{ expires_in: 3600 }, 3_530_000, 3_545_000],
  [{ expires_in: '100' }, 85_000, 95_000],
  [{}, 230_000, 275_000],
  ...[0, -1, 'never', [], null].map((value): [object, number, number] => [{ expires_in: value }, 230_000, 275_000]),
  [{ expires_in: 1e12 }, 86_000_000, 86_400_000],
])('a token with %j is renewed shortly before its end', async (more, before, after) => {
  const { url } = await numbering(more);
  const source = sourceAt(url);
  await source.token();
  const start = Date.now();
  later(before);
  expect(await source.token()).toBe('t1');
  vi.setSystemTime(start + after);
  expect(await source.token()).toBe('t2');
});

test('a token that is refused is forgotten once, whoever says so, unless it is of this moment', async () => {
  const { url } = await numbering();
  const source = sourceAt(url);
  expect(await source.token()).toBe('t1');
  expect(source.discard('t1')).toBe(false);
  later(2000);
  expect([source.discard('t1'), source.discard('t1')]).toEqual([true, true]);
  expect(await source.token()).toBe('t2');
  expect(source.discard('t1')).toBe(true);
  expect(source.recent).toEqual(['t2', 't1']);
});

test('tokens that are refused one after the other are fetched more and more seldom, until one was good for long', async () => {
  const { url, requests } = await numbering({ expires_in: 86_400 });
  const source = sourceAt(url);
  later(0);
  const start = Date.now();
  const refuse = async (seconds: number): Promise<void> => {
    for (let second = 0; second < seconds; second += 1) {
      source.discard(await source.token());
      vi.setSystemTime(Date.now() + 1000);
    }
  };
  await refuse(600);
  expect(requests.length).toBeLessThan(20);
  expect(Date.now() - start).toBe(600_000);
  vi.setSystemTime(Date.now() + 400_000);
  const before = requests.length;
  await refuse(5);
  expect(requests.length - before).toBe(2);
});

test('a token is let go of even where the clock was set back', async () => {
  const { url } = await numbering();
  const source = sourceAt(url);
  expect(await source.token()).toBe('t1');
  later(-3_600_000);
  expect(source.discard('t1')).toBe(true);
});

test('an endpoint that fails is left alone for longer and longer, and is believed again at once', async () => {
  let works = false;
  const endpoint: Endpoint = await serve((_, response) => {
    response.writeHead(works ? 200 : 401).end(JSON.stringify({ access_token: 't', error: 'invalid_client' }));
  });
  const source = sourceAt(endpoint.url);
  later(0);
  for (let tenths = 0; tenths < 1200; tenths += 1) {
    await expect(source.token()).rejects.toThrow('HTTP 401 (invalid_client)');
    vi.setSystemTime(Date.now() + 100);
  }
  expect(endpoint.requests.length).toBeLessThan(12);
  works = true;
  vi.setSystemTime(Date.now() + 30_000);
  expect(await source.token()).toBe('t');
});

const json =
  (body: object, status = 200) =>
  (_: IncomingMessage, response: ServerResponse): void =>
    void response.writeHead(status).end(JSON.stringify(body));

test.each<[string, RequestListener, string]>([
  ['refuses', json({ error: 'invalid_client', error_description: 's3c:ret' }, 401), 'HTTP 401 (invalid_client)'],
  ['names no token', json({ token: 'x' }), 'its answer has no access_token'],
  ['says null', (_, response) => response.end('null'), 'its answer has no access_token'],
  ['sends a page', (_, response) => response.writeHead(500).end('<html>'), 'HTTP 500'],
  ['smuggles a header', json({ access_token: 'x\r\nX-Admin: 1' }), 'its answer has no access_token'],
  ['sends a token longer than a header', json({ access_token: 'x'.repeat(20_000) }), 'its answer has no access_token'],
  ['has no end', (_, response) => flood(response), 'its answer has more than 65536 bytes'],
  ['never answers', () => {}, 'it did not answer within 300 ms'],
  ['drips', (_, response) => drip(response), 'it did not answer within 300 ms'],
  ['hangs up', (request) => request.socket.destroy(), 'it ended the connection'],
  [
    'redirects to a metadata address',
    (_, response) => response.writeHead(307, { location: 'http://169.254.169.254/latest' }).end(),
    'The upstream redirects more than 0 times',
  ],
])('an endpoint that %s is a clear error in time', async (_, answer, why) => {
  const { url, requests } = await serve(answer);
  const complaint = `No token from ${new URL(url).origin}: ${why}`;
  await expect(sourceAt(url, { timeoutMs: 300 }).token()).rejects.toMatchObject({
    code: 'upstream_error',
    message: complaint,
  });
  expect(requests).toHaveLength(1);
});

test('a host that must not be called is not, and is asked again by the next call only', async () => {
  const { url, requests } = await numbering();
  let refused = true;
  const source = sourceAt(url, { refuses: () => refused });
  await expect(source.token()).rejects.toThrow('must not be called');
  expect(requests).toHaveLength(0);
  refused = false;
  expect(await source.token()).toBe('t1');
});

function flood(response: ServerResponse): void {
  while (response.write('x'.repeat(10_000)) && !response.closed);
  response.once('drain', () => flood(response));
}

function drip(response: ServerResponse): void {
  response.write('{');
  const timer = setInterval(() => response.write(' '), 20);
  response.on('close', () => clearInterval(timer));
}
