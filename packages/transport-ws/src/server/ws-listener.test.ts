import { ForgeError } from '@forge/protocol';
import { describe, expect, it } from 'vitest';
import { deferred, HANDSHAKE, open, raw, readUntil, refusal, serve } from './listening.fixture.ts';

const INITIALIZE = {
  id: 'init',
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } },
};

describe('a socket', () => {
  it('carries both eras, and notes ahead of answers', async () => {
    const { url } = await serve();
    const client = await open(url, {}, ['mcp']);
    expect(client.ws.protocol).toBe('mcp');
    client.call('note');
    expect(await client.first(2)).toMatchObject([
      { method: 'notifications/message' },
      { id: 1, result: { resultType: 'complete' } },
    ]);
    client.send(INITIALIZE);
    client.send({ id: 2, method: 'tools/call', params: { name: 'echo' } });
    const [, , opened, called] = await client.first(4);
    expect(opened).toMatchObject({ id: 'init', result: { protocolVersion: '2025-11-25' } });
    expect(called).toEqual({ jsonrpc: '2.0', id: 2, result: { content: [], echo: { name: 'echo' } } });
  });

  it('answers a bare request, as ContextForge does', async () => {
    const { url } = await serve();
    const client = await open(url);
    client.send({ id: 1, method: 'tools/list' });
    expect(await client.first(1)).toEqual([{ jsonrpc: '2.0', id: 1, result: { content: [], tools: [] } }]);
  });

  it('needs no subprotocol, and chooses none but its own', async () => {
    const { url } = await serve();
    expect((await open(url)).ws.protocol).toBe('');
    expect((await open(url, {}, ['other', 'mcp'])).ws.protocol).toBe('mcp');
  });

  it('cancels its calls when it closes', async () => {
    const { url, begun, cancelled, listener } = await serve();
    const client = await open(url);
    client.call('wait');
    await begun;
    client.ws.terminate();
    await cancelled;
    expect(listener.sockets).toBe(0);
  });

  it("passes on its client's credential for the upstream, and never the one for the gateway", async () => {
    const { url, upstreamAuthorizations } = await serve();
    const client = await open(url, { headers: { authorization: 'alice', 'x-upstream-authorization': 'Bearer up' } });
    client.call('echo');
    await client.first(1);
    const other = await open(url);
    other.call('echo');
    await other.first(1);
    expect(upstreamAuthorizations).toEqual(['Bearer up', undefined]);
  });
});

describe('a handshake is refused', () => {
  const authorization = 'alice';

  it('without a credential, with a challenge', async () => {
    const { url, listener } = await serve({ challenge: 'Bearer realm="x"' });
    const { status, headers, body } = await refusal(url, {});
    expect({ status, challenge: headers['www-authenticate'] }).toEqual({ status: 401, challenge: 'Bearer realm="x"' });
    expect(body).toMatchObject({ jsonrpc: '2.0', error: { code: -32001 } });
    expect(listener.sockets).toBe(0);
  });

  it('with a token in the URL, which it is told not to send', async () => {
    const { url } = await serve();
    const { status, body } = await refusal(`${url}?token=secret`, {});
    expect(status).toBe(401);
    expect(body.error.message).toMatch(/Tokens in the URL are not accepted/);
    expect(JSON.stringify(body)).not.toContain('secret');
  });

  it('of a page of elsewhere, whatever its credential', async () => {
    const { url } = await serve();
    const { status, body } = await refusal(url, { headers: { authorization }, origin: 'https://evil.example' });
    expect({ status, code: body.error.code }).toEqual({ status: 403, code: -32600 });
  });

  it('of whom the endpoint is not for, or where there is none', async () => {
    const forbidding = await serve({
      endpoint() {
        throw new ForgeError('forbidden');
      },
    });
    expect((await refusal(forbidding.url, { headers: { authorization } })).status).toBe(403);
    const empty = await serve({ endpoint: () => undefined });
    expect((await refusal(empty.url, { headers: { authorization } })).status).toBe(404);
  });

  it('when there are too many sockets', async () => {
    const { url } = await serve({ maxSockets: 1 });
    await open(url);
    const { status, headers } = await refusal(url, { headers: { authorization } });
    expect({ status, after: headers['retry-after'] }).toEqual({ status: 503, after: '5' });
  });

  it('when too many have come while they were authenticated', async () => {
    const admitted = deferred<void>();
    const asked = deferred<void>();
    let count = 0;
    const { url, listener } = await serve({
      maxSockets: 1,
      async authenticate() {
        count += 1;
        if (count === 2) asked.resolve();
        await admitted.promise;
        return { id: 'a' };
      },
    });
    const answers = [open(url), refusal(url, {})] as const;
    await asked.promise;
    admitted.resolve();
    expect((await answers[1]).status).toBe(503);
    await answers[0];
    expect(listener.sockets).toBe(1);
  });

  it('with a credential for the upstream that cannot be one', async () => {
    const { url } = await serve();
    const headers = { authorization, 'x-upstream-authorization': 'x'.repeat(5000) };
    expect((await refusal(url, { headers })).status).toBe(400);
  });

  it('when it is none', async () => {
    const { port } = await serve();
    const socket = await raw(port, HANDSHAKE.replace('sec-websocket-version: 13', 'sec-websocket-version: 1'));
    expect(await readUntil(socket)).toMatch(/^HTTP\/1\.1 400 [^]*"message":"It is no WebSocket handshake: /);
  });

  it('as a plain request is, which is told to upgrade', async () => {
    const { url } = await serve();
    const http = url.replace('ws:', 'http:');
    const answer = await fetch(http, { method: 'POST', body: '{}' });
    expect([answer.status, answer.headers.get('upgrade')]).toEqual([426, 'websocket']);
    expect((await fetch(http, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  });
});

describe('credentials', () => {
  /** The caller can be taken away, or asked for slowly. */
  async function revocable(options: { readonly pingIntervalMs?: number } = {}) {
    const state = { id: 'alice', good: true, slowly: undefined as (() => Promise<void>) | undefined };
    const found = () => {
      if (!state.good) throw new ForgeError('unauthenticated');
      return { id: state.id };
    };
    const served = await serve({ authenticate: () => state.slowly?.().then(found) ?? found(), ...options });
    return { ...served, state, client: await open(served.url) };
  }

  it('that have ended close the socket with the next message', async () => {
    const { client, state, upstreamAuthorizations } = await revocable();
    state.good = false;
    client.call('echo');
    expect(await client.closed).toEqual([1008, 'Authentication is required']);
    expect([client.received, upstreamAuthorizations]).toEqual([[], []]);
  });

  it('that have ended close an idle socket too', async () => {
    const { client, state } = await revocable({ pingIntervalMs: 20 });
    state.good = false;
    expect(await client.closed).toEqual([1008, 'Authentication is required']);
  });

  it('of somebody else by now open nothing', async () => {
    const { client, state } = await revocable();
    state.id = 'mallory';
    client.call('echo');
    expect(await client.closed).toEqual([1008, 'Not allowed']);
  });

  it('that take time to be looked at hold messages back, in their order', async () => {
    const { client, state } = await revocable();
    const asked = deferred<void>();
    const looked = deferred<void>();
    state.slowly = () => {
      asked.resolve();
      return looked.promise;
    };
    for (let id = 1; id <= 20; id += 1) client.call('echo', id);
    await asked.promise;
    state.slowly = undefined; // later ones could be answered at once
    for (let id = 21; id <= 30; id += 1) client.call('echo', id);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(client.received).toEqual([]);
    looked.resolve();
    expect((await client.first(30)).map(({ id }) => id)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1));
  });
});

describe('hostile clients', () => {
  it('that send a huge message are closed, and their neighbours are not', async () => {
    const { url } = await serve({ maxMessageBytes: 10_000 });
    const [client, neighbour] = [await open(url), await open(url)];
    client.ws.send('x'.repeat(10_001));
    expect((await client.closed)[0]).toBe(1009);
    neighbour.call('echo');
    expect(await neighbour.first(1)).toMatchObject([{ id: 1, result: {} }]);
  });

  it('that send one in pieces are closed too', async () => {
    const { url } = await serve({ maxMessageBytes: 10_000 });
    const client = await open(url);
    for (let piece = 0; piece < 11; piece += 1) client.ws.send('x'.repeat(1000), { fin: false });
    expect((await client.closed)[0]).toBe(1009);
  });

  it('that send binary frames are closed', async () => {
    const { url } = await serve();
    const client = await open(url);
    client.ws.send(Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}'));
    expect(await client.closed).toEqual([1003, 'Messages are text frames here']);
    expect(client.received).toEqual([]);
  });

  it('that send what is no UTF-8 are closed', async () => {
    const { url } = await serve();
    const client = await open(url);
    client.ws.send(Buffer.from([0xff, 0xfe]), { binary: false });
    expect((await client.closed)[0]).toBe(1007);
  });

  it('that send what is no JSON get an error and may go on', async () => {
    const { url } = await serve();
    const client = await open(url);
    for (const text of ['{', '5', '{"jsonrpc":"2.0","id":7}', '[]']) client.ws.send(text);
    client.call('echo', 'after');
    const answers = await client.first(5);
    expect(answers.map(({ id, error }) => [id, error !== undefined])).toEqual([
      [null, true],
      [null, true],
      [expect.anything(), true],
      [null, true],
      ['after', false],
    ]);
  });

  it('that send 10,000 messages at once get 10,000 answers', async () => {
    const { url } = await serve();
    const client = await open(url);
    for (let id = 0; id < 10_000; id += 1) client.call('echo', id);
    const answers = await client.first(10_000);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(10_000);
  });

  it('that read nothing are cut, and what they asked for is cancelled', async () => {
    const { url, listener, cancelled, begun } = await serve({ maxBufferedBytes: 1_000_000 });
    const client = await open(url);
    client.call('wait', 'w');
    await begun;
    client.ws.pause();
    for (let id = 0; id < 40; id += 1) client.call('big', id);
    await cancelled;
    expect(listener.sockets).toBe(0);
  });

  it('may leave one message unread that is larger than the bound', async () => {
    const { url } = await serve({ maxBufferedBytes: 1000 });
    const client = await open(url);
    client.call('big');
    expect(await client.first(1)).toMatchObject([{ id: 1 }]);
  });

  it('that answer no ping are cut; others are not', async () => {
    const { port, url, listener } = await serve({ pingIntervalMs: 50 });
    const polite = await open(url);
    const socket = await raw(port, HANDSHAKE);
    expect(await readUntil(socket, '\r\n\r\n')).toContain('101 Switching Protocols');
    expect(listener.sockets).toBe(2);
    await readUntil(socket);
    await expect.poll(() => listener.sockets).toBe(1);
    polite.call('echo');
    expect(await polite.first(1)).toMatchObject([{ id: 1 }]);
  });

  it('that never finish the closing handshake are cut all the same', async () => {
    const { port, listener } = await serve();
    const socket = await raw(port, HANDSHAKE);
    await readUntil(socket, '\r\n\r\n');
    socket.resume();
    await listener.close();
    expect(listener.sockets).toBe(0);
  });
});

describe('the end', () => {
  it('lets calls in flight finish, refuses what is new, and says that it goes', async () => {
    const { url, listener, begun, release } = await serve();
    const client = await open(url);
    client.call('wait', 1);
    await begun;
    const closed = listener.close();
    client.call('echo', 2);
    expect(await client.first(1)).toMatchObject([{ id: 2, error: { code: -32010 } }]);
    expect((await refusal(url, { headers: { authorization: 'alice' } })).status).toBe(503);
    release();
    await closed;
    expect(await client.closed).toEqual([1001, 'The server is shutting down']);
    expect(client.received.at(-1)).toMatchObject({ id: 1, result: {} });
  });
});
