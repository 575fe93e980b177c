/** @module The acceptance list, numbers 4, 5, 6, 7 and 14: what goes over the wire, and between whom. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import {
  killLaunched,
  launch,
  type Launched,
  openSession,
  post,
  runs,
  scripted,
  SHELL_SERVER,
} from './launch.fixture.ts';

afterEach(killLaunched);

function serve(server: readonly string[], ...args: string[]): Launched {
  return launch(['--port', '0', ...args, '--', ...server]);
}

const serveNode = (tools: string, setup = '', ...args: string[]): Launched =>
  serve([process.execPath, ...scripted(tools, setup)], ...args);

/** A bare connection that has sent a request. */
async function request(url: string, method: string, fields: Record<string, string>, body = ''): Promise<Socket> {
  const { host, port, pathname, search } = new URL(url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => {}); // cut connections are what some tests provoke
  await once(socket, 'connect');
  const headers = { host, 'content-length': String(Buffer.byteLength(body)), ...fields };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`${method} ${pathname}${search} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
  return socket;
}

/** What comes until `mark` does. */
async function readUntil(socket: Socket, mark: string | RegExp): Promise<string> {
  let text = '';
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (typeof mark === 'string' ? text.includes(mark) : mark.test(text)) return text;
  }
  throw new Error(`it ended before ${String(mark)}: ${text}`);
}

const JSON_FIELDS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** A stream of HTTP+SSE, and where to post. */
async function openSse(url: string): Promise<{ socket: Socket; messages: string }> {
  const socket = await request(url, 'GET', { accept: 'text/event-stream' });
  const head = await readUntil(socket, /data: (\S+)\n\n/);
  return { socket, messages: new URL(/data: (\S+)/.exec(head)?.[1] ?? '', url).href };
}

describe('4: a client that vanishes', () => {
  it('in the middle of an answer, of a stream or of its own request harms nobody', async () => {
    const translate = serveNode(`
      big: () => 'x'.repeat(10_000_000),
      slow: async ({}, { progressToken }) => {
        for (let progress = 1; progress <= 50; progress += 1) {
          process.stdout.write(JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress } }) + '\\n');
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return 'done';
      },`);
    const url = await translate.mcpUrl();
    const session = await openSession(url);
    const fields = { ...JSON_FIELDS, ...session.headers };
    const call = (id: number, name: string) =>
      JSON.stringify({
        jsonrpc: '2.0',
        id,
        method: 'tools/call',
        params: { name, arguments: {}, _meta: { progressToken: id } },
      });
    for (let time = 0; time < 10; time += 1) {
      const answered = await request(url, 'POST', fields, call(1000 + time, 'big'));
      await once(answered, 'data');
      answered.destroy();
      const streamed = await request(url, 'POST', fields, call(2000 + time, 'slow'));
      await readUntil(streamed, 'notifications/progress');
      streamed.destroy();
      (await request(url, 'POST', { ...fields, 'content-length': '1000' }, '{"half":')).destroy();
      const sse = await openSse(await translate.sseUrl());
      const body = call(3000 + time, 'slow');
      await fetch(sse.messages, { method: 'POST', headers: JSON_FIELDS, body });
      sse.socket.destroy();
    }
    expect(await session.call('slow')).toBe('done');
    expect(translate.child.exitCode).toBeNull();
    expect(translate.output.stderr).not.toMatch(/unhandled|uncaught|Error:/i);
  });

  it('may come back for the rest of its call', async () => {
    const translate = serveNode(`
      march: async ({}, { progressToken }) => {
        const progress = (progress) => process.stdout.write(
          JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: { progressToken, progress } }) + '\\n');
        progress(1);
        await new Promise((resolve) => (globalThis.proceed = resolve));
        return 'arrived';
      },
      proceed: () => globalThis.proceed(),`);
    const url = await translate.mcpUrl();
    const session = await openSession(url);
    const params = { name: 'march', arguments: {}, _meta: { progressToken: 7 } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1000, method: 'tools/call', params });
    const first = await request(url, 'POST', { ...JSON_FIELDS, ...session.headers }, body);
    const id = /^id: (.*)$/m.exec(await readUntil(first, '"progress":1'))?.[1] ?? '';
    first.destroy();
    const fields = { accept: 'text/event-stream', ...session.headers, 'last-event-id': id };
    const second = await request(url, 'GET', fields);
    await session.call('proceed');
    expect(await readUntil(second, '"id":1000')).toContain('arrived');
    second.destroy();
  });
});

describe('5: bad manners on stdout', () => {
  it('are noise, BOM, CRLF and characters in pieces: skipped with one warning, or understood', async () => {
    const setup = `
      const write = process.stdout.write.bind(process.stdout);
      write(Buffer.from('\\uFEFFstarting...\\r\\n[INFO] ready\\r\\n'));
      process.stdout.write = (text) => {
        write('a line of noise\\r\\n');
        for (const byte of Buffer.from(text.replace('\\n', '\\r\\n'))) write(Buffer.of(byte));
        return true;
      };`;
    const translate = serveNode(`euro: () => '€😀é'`, setup);
    const session = await openSession(await translate.mcpUrl());
    expect(await session.call('euro')).toBe('€😀é');
    expect(translate.output.stderr.match(/Skipped what/g)).toHaveLength(1);
  });

  it('are none where a message has ten megabytes, up and down', async () => {
    const translate = serveNode('echo: ({ text }) => text');
    const session = await openSession(await translate.mcpUrl());
    const text = '€'.repeat(3_400_000);
    expect((await session.call('echo', { text })) === text).toBe(true);
  });
});

describe('6: what is refused', () => {
  it('is an unknown session with 404, and the GET and DELETE of no session with 405', async () => {
    const translate = serve(SHELL_SERVER);
    const url = await translate.mcpUrl();
    const unknown = { 'mcp-session-id': 'feedfacefeedfacefeedfacefeedface', 'mcp-protocol-version': '2025-06-18' };
    expect((await post(url, unknown, { id: 1, method: 'tools/list' })).status).toBe(404);
    const accept = 'text/event-stream';
    expect((await fetch(url, { headers: { ...unknown, accept } })).status).toBe(404);
    expect((await fetch(url, { headers: { accept } })).status).toBe(405);
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(405);
    expect((await post((await translate.sseUrl()).replace('/sse', '/message?session_id=x'), {}, {})).status).toBe(404);
  });

  it('is a body that is too large with 413, or no JSON with 400, and the session lives', async () => {
    const translate = serve(SHELL_SERVER);
    const url = await translate.mcpUrl();
    const session = await openSession(url);
    const { socket, messages } = await openSse(await translate.sseUrl());
    const body = 'x'.repeat(17 * 1024 * 1024);
    for (const target of [url, messages]) {
      const headers = { ...JSON_FIELDS, ...session.headers };
      expect((await fetch(target, { method: 'POST', headers, body })).status).toBe(413);
      expect((await fetch(target, { method: 'POST', headers, body: '{' })).status).toBe(400);
    }
    expect(Number(await session.call('pid'))).toBeGreaterThan(0);
    await post(messages, {}, { id: 7, method: 'ping' });
    expect(await readUntil(socket, '"id":7')).toContain('"result":{}');
    socket.destroy();
  });

  it('is every session of --stateless: calls need none, GET and DELETE get 405', async () => {
    const translate = serve(SHELL_SERVER, '--stateless');
    const url = await translate.mcpUrl();
    const session = await openSession(url);
    expect(session.id).toBe('');
    expect(Number(await session.call('pid'))).toBeGreaterThan(0);
    expect((await session.post({ method: 'notifications/initialized' })).status).toBe(202);
    const headers = { ...session.headers, 'mcp-session-id': 'any', accept: 'text/event-stream' };
    expect((await fetch(url, { headers })).status).toBe(405);
    expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(405);
  });

  it('is every stream of --jsonResponse', async () => {
    const notes = `notes: () => (send({ method: 'notifications/message', params: { level: 'error', data: 1 } }), 'done')`;
    for (const [args, type] of [
      [[], 'text/event-stream'],
      [['--jsonResponse'], 'application/json'],
    ] as const) {
      const session = await openSession(await serveNode(notes, '', ...args).mcpUrl());
      const answer = await session.post({ id: 1, method: 'tools/call', params: { name: 'notes' } });
      expect(answer.headers.get('content-type')).toBe(type);
      await answer.text();
    }
  });
});

/** Logs what it is told, a while later, and asks what it is told to. */
const CHATTY = `
  pid: () => process.pid,
  log: async ({ text, ms }) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    send({ method: 'notifications/message', params: { level: 'error', data: text } });
    return text;
  },`;

describe('7: two clients at once', () => {
  it.each([
    ['shared', {}, true],
    ['shared', { elicitation: {} }, true],
    ['auto', {}, true],
    ['auto', { elicitation: {} }, false],
    ['per-session', {}, false],
  ] as const)('--child %s, with the capabilities %j, share a child: %s', async (child, capabilities, shared) => {
    const url = await serveNode(CHATTY, '', '--child', child).mcpUrl();
    const sessions = await Promise.all([openSession(url, capabilities), openSession(url, capabilities)]);
    const [one, other] = await Promise.all(sessions.map((session) => session.call('pid')));
    expect(one === other).toBe(shared);
  });

  it('end their own children when they end, by DELETE as by closing their stream', async () => {
    const translate = serveNode(CHATTY, '', '--child', 'per-session');
    const session = await openSession(await translate.mcpUrl());
    const pid = Number(await session.call('pid'));
    expect(runs(pid)).toBe(true);
    await fetch(await translate.mcpUrl(), { method: 'DELETE', headers: session.headers });
    await expect.poll(() => runs(pid), { timeout: 3000 }).toBe(false);

    const { socket, messages } = await openSse(await translate.sseUrl());
    const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'old', version: '0' } };
    await post(messages, {}, { id: 0, method: 'initialize', params });
    await post(messages, {}, { id: 1, method: 'tools/call', params: { name: 'pid' } });
    const [, own = ''] = /"text":"(\d+)"/.exec(await readUntil(socket, '"text"')) ?? [];
    expect(runs(Number(own))).toBe(true);
    socket.destroy();
    await expect.poll(() => runs(Number(own)), { timeout: 3000 }).toBe(false);
  });

  it('on SSE and on Streamable HTTP, with the same ids, get their own answers', async () => {
    const translate = serveNode('echo: async ({ text, ms }) => (await new Promise((r) => setTimeout(r, ms)), text)');
    const { socket, messages } = await openSse(await translate.sseUrl());
    const call = (text: string, ms: number) => ({
      id: 1,
      method: 'tools/call',
      params: { name: 'echo', arguments: { text, ms } },
    });
    const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 'old', version: '0' } };
    await post(messages, {}, { id: 0, method: 'initialize', params });
    await post(messages, {}, call('down the stream', 60));
    const url = await translate.mcpUrl();
    const sessions = await Promise.all(Array.from({ length: 8 }, () => openSession(url)));
    const answers = await Promise.all(
      sessions.map(async (session, index) => (await session.post(call(`by post ${index}`, 80 - 10 * index))).json()),
    );
    expect(JSON.stringify(answers).match(/by post \d/g)).toEqual(sessions.map((_, index) => `by post ${index}`));
    const stream = await readUntil(socket, 'down the stream');
    expect(stream).not.toContain('by post');
    socket.destroy();
  });

  it('on a shared child never hear what it logs for the other', async () => {
    const translate = serveNode(CHATTY, '', '--child', 'shared');
    const url = await translate.mcpUrl();
    const [one, other] = await Promise.all([openSession(url), openSession(url)]);
    const answers = await Promise.all([
      one.messages('log', { text: 'secret of one', ms: 50 }),
      other.messages('log', { text: 'secret of other', ms: 100 }),
    ]);
    expect(JSON.stringify(answers[0])).not.toContain('secret of other');
    expect(JSON.stringify(answers[1])).not.toContain('secret of one');
    const alone = await one.messages('log', { text: 'alone', ms: 0 });
    expect(alone[0]).toMatchObject({ method: 'notifications/message', params: { data: 'alone' } });
  });

  it('whose progress tokens are equal hear of their own progress', async () => {
    const translate = serveNode(`
      count: async ({ from }, { progressToken }) => {
        for (let progress = from; progress < from + 3; progress += 1) {
          send({ method: 'notifications/progress', params: { progressToken, progress } });
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      },`);
    const url = await translate.mcpUrl();
    const sessions = await Promise.all([openSession(url), openSession(url)]);
    const heard = await Promise.all(
      sessions.map((session, index) => session.messages('count', { from: index * 10 }, { progressToken: 1 })),
    );
    const progress = heard.map((messages) => messages.slice(0, -1).map(({ params }) => params));
    expect(progress).toEqual([0, 10].map((from) => [0, 1, 2].map((n) => ({ progressToken: 1, progress: from + n }))));
  });
});

describe('14: streams through proxies', () => {
  it('are not buffered, are kept alive by comments, and their peers are watched by TCP', async () => {
    const translate = serve(SHELL_SERVER, '--keepAlive', '1');
    const url = await translate.mcpUrl();
    const session = await openSession(url);
    const accept = 'text/event-stream';
    const sockets = [
      await request(url, 'GET', { accept, ...session.headers }),
      await request(await translate.sseUrl(), 'GET', { accept }),
    ];
    for (const socket of sockets) {
      const text = await readUntil(socket, /\n:\n\n|\r\n:\n\n/);
      expect(text).toContain('x-accel-buffering: no');
      expect(text).toMatch(/cache-control: no-store, no-transform/);
      if (process.platform === 'linux') expect(timerOf(socket)).toBe('02'); // keep-alive
      socket.destroy();
    }
  });
});

/** Which timer runs on the server's end of a connection (proc(5), net/tcp). */
function timerOf({ localPort = 0, remotePort = 0 }: Socket): string | undefined {
  const hex = (port: number): string => port.toString(16).toUpperCase().padStart(4, '0');
  const rows = readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  const row = rows.find(
    ([, local, remote]) => local?.endsWith(`:${hex(remotePort)}`) && remote?.endsWith(`:${hex(localPort)}`),
  );
  return row?.[5]?.split(':')[0];
}
