import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, LookupFunction } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { ForgeError } from '@forge/protocol';
import { afterEach, expect, test } from 'vitest';
import { createOutgoing, type Outgoing, type OutgoingOptions, type OutgoingRequest } from './outgoing.ts';

const servers: Server[] = [];
const open: Outgoing[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((one) => one.close()));
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function send(at: string, request: Partial<OutgoingRequest> = {}, options: Partial<OutgoingOptions> = {}) {
  const url = new URL(at);
  const outgoing = createOutgoing({ origin: url.origin, refuses: () => false, ...options });
  open.push(outgoing);
  return outgoing.send({ method: 'GET', url, headers: {}, maxBytes: 100_000, ...request });
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const seen = (request: IncomingMessage) => ({ method: request.method, url: request.url, headers: request.headers });
const echo = (request: IncomingMessage, response: ServerResponse): void => {
  let body = '';
  request.on('data', (chunk: Buffer) => (body += chunk.toString()));
  request.on('end', () => response.end(JSON.stringify({ ...seen(request), body })));
};

test('an answer comes whole, with its status and headers', async () => {
  const origin = await serve((_, response) => response.writeHead(418, { 'x-kind': 'teapot' }).end('short and stout'));
  const { status, headers, body, isTooLong } = await send(`${origin}/pot?lid=1`).answer;
  expect([status, headers['x-kind'], text(body), isTooLong]).toEqual([418, 'teapot', 'short and stout', false]);
});

test.each([
  ['gzip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
])('%s is unpacked', async (encoding, pack) => {
  const origin = await serve((_, response) => {
    response.setHeader('content-encoding', encoding).end(pack(Buffer.from('packed '.repeat(100))));
  });
  expect(text((await send(origin).answer).body)).toBe('packed '.repeat(100));
});

test.each([
  ['a bomb', gzipSync(Buffer.alloc(50_000_000)), 'gzip'],
  ['a long body', Buffer.alloc(100_001), 'identity'],
])('%s is too long, and costs no more than the bound', async (_, body, encoding) => {
  const origin = await serve((_request, response) => response.setHeader('content-encoding', encoding).end(body));
  expect(await send(origin).answer).toMatchObject({ isTooLong: true, body: new Uint8Array(0) });
});

test('a body without an end is given up at the bound', async () => {
  let closed = (): void => undefined;
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const origin = await serve((_, response) => {
    const timer = setInterval(() => response.write('x'.repeat(50_000)), 1);
    response.on('close', () => {
      clearInterval(timer);
      closed();
    });
  });
  expect(await send(origin).answer).toMatchObject({ isTooLong: true });
  await gone;
});

test.each([
  ['broken gzip', 'gzip', /compressed/],
  ['an encoding that nobody asked for', 'zstd', /unasked/],
])('%s is an error', async (_, encoding, message) => {
  const origin = await serve((_request, response) => response.setHeader('content-encoding', encoding).end('nothing'));
  await expect(send(origin).answer).rejects.toMatchObject({
    code: 'upstream_error',
    message: expect.stringMatching(message),
  });
});

test('redirects are followed, five at most', async () => {
  const origin = await serve((request, response) => {
    const left = Number(request.url?.slice(1));
    if (left === 0) response.end('there');
    else response.writeHead(302, { location: `/${left - 1}` }).end();
  });
  const { body, url } = await send(`${origin}/5`).answer;
  expect([text(body), url.href]).toEqual(['there', `${origin}/0`]);
  await expect(send(`${origin}/6`).answer).rejects.toMatchObject({
    code: 'upstream_error',
    message: expect.stringContaining('more than 5 times'),
  });
});

test('another origin gets no credential', async () => {
  const other = await serve(echo);
  const origin = await serve((_, response) => response.writeHead(307, { location: `${other}/x?y=1` }).end());
  const headers = { authorization: 'Bearer s3cret', cookie: 'a=b', 'x-api-key': 'k', accept: 'application/json' };
  const got = JSON.parse(text((await send(origin, { headers }).answer).body)) as ReturnType<typeof seen>;
  expect(got.url).toBe('/x?y=1');
  expect(Object.keys(got.headers).toSorted()).toEqual(['accept', 'accept-encoding', 'connection', 'host']);
});

test('the same origin gets everything again, and a POST that is seen elsewhere becomes a GET', async () => {
  const origin = await serve((request, response) => {
    const status = Number(request.url?.slice(1));
    if (request.url === '/end') echo(request, response);
    else response.writeHead(status, { location: '/end' }).end();
  });
  const post = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json', authorization: 'x' } };
  const after = async (status: number) =>
    JSON.parse(text((await send(`${origin}/${status}`, post).answer).body)) as unknown;
  expect(await after(308)).toMatchObject({ method: 'POST', body: '{}', headers: { authorization: 'x' } });
  const became = (await after(303)) as { headers: object };
  expect(became).toMatchObject({ method: 'GET', body: '', headers: { authorization: 'x' } });
  expect(became.headers).not.toHaveProperty('content-type');
});

test.each([
  ['file:///etc/passwd', 'GET', /not HTTP/],
  ['http://user:pass@127.0.0.1/', 'GET', /credentials/],
  ['http://127.0.0.2:1/', 'PUT', /another origin/],
  ['http://[', 'GET', /not a URL/],
])('a redirect to %s of a %s is not followed', async (location, method, message) => {
  const origin = await serve((_, response) => response.writeHead(307, { location }).end());
  await expect(send(origin, { method }).answer).rejects.toMatchObject({
    code: 'upstream_error',
    message: expect.stringMatching(message),
  });
});

test('a redirect to a refused host is not followed, and neither is one that its user does not want', async () => {
  const origin = await serve((_, response) => response.writeHead(302, { location: 'http://127.0.0.9:9/' }).end());
  const refuses = (host: string): boolean => host === '127.0.0.9';
  await expect(send(origin, {}, { refuses }).answer).rejects.toMatchObject({ code: 'forbidden' });
  await expect(send(origin, { allows: () => false }).answer).rejects.toMatchObject({
    message: expect.stringContaining('http://127.0.0.9:9, which is not allowed'),
  });
});

test('a name that leads elsewhere when it is connected to is not connected to', async () => {
  let requests = 0;
  const origin = await serve((_, response) => response.end(String((requests += 1))));
  const { port } = new URL(origin);
  const address = '127.0.0.1'; // and another one when its URL was checked
  const lookup: LookupFunction = (_name, options, callback) => {
    if (options.all === true) callback(null, [{ address, family: 4 }]);
    else callback(null, address, 4);
  };
  const refuses = (host: string): boolean => host.startsWith('127.');
  const call = send(`http://rebinding.example:${port}/`, {}, { lookup, refuses });
  await expect(call.answer).rejects.toMatchObject({ code: 'forbidden', message: expect.not.stringContaining('127') });
  expect([requests, call.isDispatched]).toEqual([0, false]);
});

test('a request that is cancelled ends at once with the reason, and so does its connection', async () => {
  let arrived = (): void => undefined;
  let closed = (): void => undefined;
  const there = new Promise<void>((resolve) => (arrived = resolve));
  const gone = new Promise<void>((resolve) => (closed = resolve));
  const origin = await serve((_, response) => {
    arrived();
    response.write('drip');
    response.on('close', () => closed());
  });
  const call = send(origin);
  await there;
  call.cancel(new ForgeError('upstream_timeout', 'enough'));
  await expect(call.answer).rejects.toMatchObject({ code: 'upstream_timeout', message: 'enough' });
  expect(call.isDispatched).toBe(true);
  await gone;
});

test('nothing listens: it was not dispatched; the connection is reset: nobody knows', async () => {
  const origin = await serve((request) => request.socket.destroy());
  const reset = send(origin);
  await expect(reset.answer).rejects.toMatchObject({ code: 'outcome_unknown' });
  const dead = send('http://127.0.0.1:1/');
  await expect(dead.answer).rejects.toMatchObject({ code: 'upstream_unreachable' });
  expect([reset.isDispatched, dead.isDispatched]).toEqual([true, false]);
});
