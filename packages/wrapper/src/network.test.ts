/** @module Ways out, with real proxies and certificates. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { request } from 'undici';
import { describe, expect, it, onTestFinished } from 'vitest';
import { selfSigned } from './certificate.fixture.ts';
import { createNetwork } from './network.ts';
import { folder, TestWrapper } from './wrapper.fixture.ts';
import { TestUpstream } from './upstream.fixture.ts';

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return (server.address() as AddressInfo).port;
}

/** A proxy that knows CONNECT alone. */
async function startProxy(): Promise<{ readonly url: string; readonly asked: string[] }> {
  const asked: string[] = [];
  const server = createServer();
  const sockets = new Set<Socket>();
  server.on('connect', (req, socket: Socket) => {
    asked.push(req.url ?? '');
    const [host = '', port] = (req.url ?? '').split(':');
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    for (const end of [socket, onward]) end.on('error', () => undefined).unref(); // either may leave first
    sockets.add(socket).add(onward);
  });
  const port = await listening(server);
  onTestFinished(() => sockets.forEach((socket) => socket.destroy()));
  return { url: `http://127.0.0.1:${port}`, asked };
}

describe('a proxy', () => {
  it('that is given carries everything', async () => {
    const server = await new TestUpstream('modern').start();
    onTestFinished(() => server.stop());
    const proxy = await startProxy();
    const wrapper = new TestWrapper(['--url', server.url, '--proxy', proxy.url]);
    await wrapper.initialize();
    expect(await wrapper.said('echo', { text: 'through' })).toBe('through');
    expect(new Set(proxy.asked)).toEqual(new Set([new URL(server.url).host]));
    wrapper.child.stdin.end();
    expect(await wrapper.exit).toBe(0);
  });

  it('of the environment is not for this machine, and none is for nobody', () => {
    const env = { HTTPS_PROXY: 'http://127.0.0.1:1' };
    const isProxied = (url: string, proxy?: URL | 'none') =>
      createNetwork({ ca: undefined, proxy, env }).isProxied(new URL(url));
    expect(isProxied('https://example.com')).toBe(true);
    expect(isProxied('http://127.0.0.1:4444')).toBe(false);
    expect(isProxied('http://[::1]:4444')).toBe(false);
    expect(isProxied('https://example.com', 'none')).toBe(false);
    expect(isProxied('http://127.0.0.1:4444', new URL('http://proxy:3128'))).toBe(true);
  });
});

describe('certificates', () => {
  it('of an own authority are trusted when they are given, and only then', async () => {
    const { key, cert } = selfSigned();
    const server = createTlsServer({ key, cert }, (_, res) => res.end('safe'));
    const url = `https://localhost:${await listening(server)}`;
    const get = async (ca: string | undefined) => {
      const dispatcher = createNetwork({ ca, proxy: 'none', env: {} }).dispatcher();
      onTestFinished(() => dispatcher.destroy());
      return (await request(url, { dispatcher })).body.text();
    };
    await expect(get(undefined)).rejects.toMatchObject({ code: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
    expect(await get(cert)).toBe('safe');
  });

  it('of an own authority serve a client; without them it is told why not', async () => {
    const { key, cert } = selfSigned();
    const ca = join(folder(), 'ca.pem');
    writeFileSync(ca, cert);
    const upstream = new TestUpstream('modern', { key, cert });
    await upstream.start();
    onTestFinished(() => upstream.stop());
    const wrapper = new TestWrapper(['--url', upstream.url, '--ca', ca]);
    await wrapper.initialize();
    expect(await wrapper.said('echo', { text: 'safe' })).toBe('safe');
    const untrusting = new TestWrapper(['--url', upstream.url]);
    expect((await untrusting.initialize()).error?.message).toContain('SELF_SIGNED');
    expect(untrusting.stderr).not.toContain('Trying');
  });
});

describe('after a sleep', () => {
  it('calls get new connections, and streams are cut so that they come back', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((_, res) => res.writeHead(200).flushHeaders());
    server.on('connection', (socket) => sockets.add(socket));
    const port = await listening(server);
    const network = createNetwork({ ca: undefined, proxy: 'none', env: {} });
    const streams = network.connections(`http://127.0.0.1:${port}`, { connections: null, connectTimeoutMs: 1000 });
    onTestFinished(() => streams.destroy());
    const cut = new Promise<Error>((onResponseError) => {
      const handler = {
        onRequestStart() {},
        onResponseError: (_: unknown, error: Error) => onResponseError(error),
        onResponseStart: () => network.renew(),
      };
      streams.dispatch({ origin: `http://127.0.0.1:${port}`, path: '/', method: 'GET' }, handler);
    });
    expect(await cut).toBeInstanceOf(Error);
    streams.dispatch(
      { origin: `http://127.0.0.1:${port}`, path: '/', method: 'GET' },
      { onRequestStart() {}, onResponseError() {} },
    );
    await expect.poll(() => sockets.size).toBe(2);
  });
});
