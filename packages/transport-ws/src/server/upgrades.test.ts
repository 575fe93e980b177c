import { expect, it } from 'vitest';
import { raw, readUntil, serve } from './listening.fixture.ts';

const H2C = 'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n';

it('a request for another protocol is answered as one for none, with its body, on a connection that is kept', async () => {
  const { port } = await serve();
  const request = `POST /mcp HTTP/1.1\r\nhost: localhost\r\n${H2C}content-length: 8\r\n\r\n`;
  const socket = await raw(port, `${request}{"a":`);
  socket.write('1}\n');
  expect(await readUntil(socket, '"a":1}')).toMatch(/^HTTP\/1\.1 200 OK[^]*POST without an upgrade: \{"a":1\}/);
  socket.write(`${request}{"a":2}\n`);
  expect(await readUntil(socket, '"a":2}')).toContain('POST without an upgrade: {"a":2}');
});

it('a request that came in one piece with its body is answered too', async () => {
  const { port } = await serve();
  const socket = await raw(port, `PUT /x HTTP/1.1\r\nhost: localhost\r\n${H2C}content-length: 3\r\n\r\nabc`);
  expect(await readUntil(socket, 'abc')).toMatch(/^HTTP\/1\.1 200 OK[^]*PUT without an upgrade: abc/);
});

it('a request with more headers than can be relied on is refused, and what follows it is not read', async () => {
  const { port } = await serve();
  const many = Array.from({ length: 600 }, (_, at) => `a${at}: b\r\n`).join('');
  const hidden = 'GET /hidden HTTP/1.1\r\nhost: localhost\r\n\r\n';
  const length = `content-length: ${hidden.length}\r\n`;
  const socket = await raw(port, `POST /x HTTP/1.1\r\nhost: localhost\r\n${H2C}${many}${length}\r\n${hidden}`);
  const text = await readUntil(socket);
  expect(text).toMatch(/^HTTP\/1\.1 400 /);
  expect(text).not.toContain('GET without');
});

it('a WebSocket where there is none is answered as the path is otherwise', async () => {
  const { port } = await serve();
  const socket = await raw(
    port,
    'GET /elsewhere HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  expect(await readUntil(socket, 'upgrade: ')).toContain('200 OK');
});
