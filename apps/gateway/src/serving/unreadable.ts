/** @module Answers what is no HTTP request, or never becomes a whole one: what Node would answer without a word. */
import { type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { errorBody } from '@forge/api';
import { ForgeError } from '@forge/core';

/** What Node's parser and its timeouts say of a request. */
type ParseError = NodeJS.ErrnoException & { readonly reason?: string };

/** Makes a server say why, in the shape that every error of the API has, before it ends such a connection. */
export function answerUnreadable(server: Server, maxHeaderBytes: number): void {
  server.on('clientError', (error: ParseError, socket: Socket) => {
    if (socket.writable && error.code !== 'ECONNRESET' && !isAnswering(socket)) {
      socket.write(answerOf(error, maxHeaderBytes));
    }
    socket.destroy();
  });
}

/** Whether part of an answer is sent already: what came now would be read as more of it. Node itself looks there, too. */
function isAnswering(socket: Socket): boolean {
  return (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage?.headersSent ?? false;
}

function answerOf(error: ParseError, maxHeaderBytes: number): string {
  const [status, why] = meaningOf(error, maxHeaderBytes);
  const body = JSON.stringify(errorBody(why));
  return (
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json\r\n` +
    `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  );
}

function meaningOf({ code, reason }: ParseError, maxHeaderBytes: number): readonly [number, ForgeError] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, new ForgeError('payload_too_large', `The headers have more than ${maxHeaderBytes} bytes`)];
    case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
      return [413, new ForgeError('payload_too_large', 'The chunk extensions of the body are too long')];
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, new ForgeError('invalid_request', 'The request did not arrive in time')];
    default:
      return [400, new ForgeError('invalid_request', `This is no HTTP request${reason ? `: ${reason}` : ''}`)];
  }
}
