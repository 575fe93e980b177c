/** @module Requests that ask for another protocol (RFC 9110, 7.8): WebSocket on some paths, and nothing else anywhere. */
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { ForgeError, refusalOf } from '@forge/protocol';

/** Takes over a request to upgrade, with the bytes that came right behind it. */
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Hands WebSocket handshakes to what `route` finds for them. Everything else is answered as if it had asked for no upgrade,
 * as it would be without this: some HTTP clients offer `h2c` with every request.
 *
 * @example
 * acceptUpgrades(server, ({ url }) => (url === '/ws' ? (...upgrade) => listener.upgrade(...upgrade, '/ws') : undefined));
 */
export function acceptUpgrades(server: Server, route: (request: IncomingMessage) => UpgradeHandler | undefined): void {
  server.on('upgrade', (request, socket, head) => {
    const isWebSocket = request.headers.upgrade?.toLowerCase() === 'websocket';
    const handler = isWebSocket ? route(request) : undefined;
    if (handler === undefined) withoutUpgrade(server, request, socket, head);
    else handler(request, socket, head);
  });
}

/** Refuses to upgrade, with an answer like those of the other MCP paths. */
export function refuseUpgrade(socket: Duplex, thrown: unknown, challenge?: string): void {
  const { status, headers, body } = refusalOf(thrown, challenge);
  const all = { ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\n${lines.join('')}\r\n${body}`);
}

const HOP_HEADERS = new Set(['connection', 'upgrade', 'http2-settings']);
/** Node forgets headers past a thousand; a request without its last ones could mean something else. */
const MAX_HEADERS = 500;

/** Gives the server its connection back, as if it had just been made and the request had been sent without `Upgrade`. */
function withoutUpgrade(
  server: Server,
  { method, url, httpVersion, rawHeaders }: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): void {
  if (rawHeaders.length > MAX_HEADERS * 2) {
    return refuseUpgrade(socket, new ForgeError('invalid_request', `A request may have ${MAX_HEADERS} headers`));
  }
  let text = `${method} ${url} HTTP/${httpVersion}\r\n`;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (!HOP_HEADERS.has(name.toLowerCase())) text += `${name}: ${rawHeaders[at + 1]}\r\n`;
  }
  socket.unshift(Buffer.concat([Buffer.from(`${text}\r\n`, 'latin1'), head]));
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket);
}
