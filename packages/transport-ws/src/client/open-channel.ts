/** @module Opens a WebSocket to a server. */
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { LookupFunction } from 'node:net';
import { ForgeError } from '@forge/protocol';
import { WebSocket } from 'ws';
import { SocketChannel } from '../socket-channel.ts';
import { SUBPROTOCOL } from '../subprotocol.ts';

/** How a server is reached. */
export interface OpenOptions {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** How names are looked up. */
  readonly lookup: LookupFunction | undefined;
  /** PEM certificates to trust instead of those that Node trusts. */
  readonly ca: readonly string[] | undefined;
  readonly handshakeTimeoutMs: number;
  readonly maxMessageBytes: number;
  /** Whether to offer the subprotocol `mcp`. A server that chooses none must not have been offered one. */
  readonly offer: boolean;
}

/** The server upgraded, but did not choose the subprotocol that it was offered. */
export class NoSubprotocol extends Error {}

/**
 * Opens the socket. Redirects are not followed.
 *
 * @throws ForgeError `upstream_unreachable`, `upstream_timeout`, or `upstream_error` where the server answers but does not
 * upgrade; NoSubprotocol
 */
export function openWsChannel(options: OpenOptions): Promise<SocketChannel> {
  const { url, headers, lookup, ca, maxMessageBytes } = options;
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url, options.offer ? [SUBPROTOCOL] : [], {
      headers,
      lookup,
      ...(ca && { ca: [...ca] }),
      handshakeTimeout: options.handshakeTimeoutMs,
      maxPayload: maxMessageBytes,
      perMessageDeflate: false,
    });
    let answer: IncomingMessage | undefined;
    ws.once('upgrade', (response) => (answer = response));
    ws.once('unexpected-response', (request: ClientRequest, { statusCode = 0 }: IncomingMessage) => {
      const data = { httpStatus: statusCode };
      reject(new ForgeError('upstream_error', `The upstream answered with HTTP ${statusCode}`, { data }));
      request.destroy();
    });
    ws.once('error', (error) => reject(notOpened(error)));
    ws.once('open', () => {
      if (answer === undefined) return; // the event before this one has set it
      const channel = new SocketChannel(ws, answer.socket, maxMessageBytes);
      // Whoever waits for the channel listens before anything is delivered.
      channel.pause();
      setImmediate(() => channel.resume());
      resolve(channel);
    });
  });
}

function notOpened(error: Error & { readonly code?: string }): Error {
  if (error.message === 'Server sent no subprotocol') return new NoSubprotocol();
  if (error.message === 'Opening handshake has timed out') {
    return new ForgeError('upstream_timeout', 'The upstream did not finish the WebSocket handshake in time');
  }
  return new ForgeError('upstream_unreachable', `The upstream cannot be reached: ${error.code ?? error.message}`, {
    cause: error,
  });
}
