/** @module An HTTP/2 connection to one address, with calls on it. */
import { type ClientHttp2Session, connect as connectHttp2, type IncomingHttpHeaders } from 'node:http2';
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls, TLSSocket } from 'node:tls';
import { ForgeError } from '@forge/protocol';
import type { TlsOptions } from '../grpc-upstream.ts';
import { authority, type HostPort } from './addresses.ts';
import { type Call, type CallInit, type Line, StreamCall } from './call.ts';
import { ACCEPTED } from './compression.ts';
import { createKeepAlive, type Patience } from './keep-alive.ts';

/** What a connection is made by. */
export interface ConnectionSettings extends HostPort, Patience {
  /** Absent: plain text. */
  readonly tls?: TlsOptions | undefined;
  readonly gzip: boolean;
  readonly maxMessageBytes: number;
}

/** A connection, which is not made again once it is lost. */
export interface Channel {
  call(init: CallInit): Call;
  /** Once it has ended, or takes no more calls, for whatever reason but `close`. */
  onLost(lost: () => void): void;
  /** No more calls; those in flight are left to end. */
  close(): void;
}

/** MB that all streams may hold in the buffers of the connection; Node's 10 is too few for thousands of calls. */
const MAX_SESSION_MEMORY = 1024;
/** Streams that were given up before their turn: little is left of each until the server lets it come, which it may never. */
const MAX_DROPPED = 1000;
/** How long a server may take to hang up after us; Node would wait for ever. */
const LINGER_MS = 2000;

/**
 * Connects to an address, which has been checked, and waits until HTTP/2 is spoken there.
 *
 * @param patienceMs how long that may take
 * @throws ForgeError `upstream_unreachable`
 */
export async function connectTo(address: string, settings: ConnectionSettings, patienceMs: number): Promise<Channel> {
  const socket = openSocket(address, settings);
  const session = connectHttp2('http://localhost', {
    createConnection: () => socket,
    settings: { enablePush: false },
    maxSessionMemory: MAX_SESSION_MEMORY,
    maxSendHeaderBlockLength: 1_048_576,
  });
  try {
    await spoken(session, socket, patienceMs);
  } catch (error) {
    session.destroy();
    socket.destroy();
    throw new ForgeError('upstream_unreachable', reasonOf(error as NodeJS.ErrnoException));
  }
  return channelOn(session, socket, settings);
}

/** Why HTTP/2 is not spoken there, for who registers it: OpenSSL and nghttp2 speak to programmers. */
function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return 'The server does not speak TLS; grpc:// is plain text';
  if (code === 'ERR_HTTP2_ERROR' || code === 'ERR_HTTP2_SESSION_ERROR') {
    return `The server does not speak HTTP/2, so it is no gRPC server, or it is one with TLS (grpcs://): ${message}`;
  }
  return message.trim();
}

/** Waits for the first frame. A session does not tell of all that happens to its socket, so both are listened to. */
function spoken(session: ClientHttp2Session, socket: Socket, patienceMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('There was no answer in time')), patienceMs);
    const fail = (
      error = new Error(
        socket instanceof TLSSocket
          ? 'The server hung up before it spoke HTTP/2; it may want a certificate of ours (config.tls.certFrom, keyFrom)'
          : 'The server hung up before it spoke HTTP/2; one with TLS wants grpcs://',
      ),
    ): void => {
      clearTimeout(timer);
      reject(error);
    };
    session.on('error', fail); // stays, because an error that nobody listens for ends the process
    session.once('close', () => fail());
    socket.on('error', fail);
    socket.once('close', () => fail());
    session.once('remoteSettings', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function openSocket(address: string, { host, port, tls }: ConnectionSettings): Socket {
  const to = { host: address, port, noDelay: true };
  if (tls === undefined) return connectTcp(to);
  const { ca, cert, key, serverName = host } = tls;
  return connectTls({
    ...to,
    ca,
    cert,
    key,
    ALPNProtocols: ['h2'],
    servername: isIP(serverName) === 0 ? serverName : '',
    checkServerIdentity: (_, peer) => checkServerIdentity(serverName, peer),
  });
}

function channelOn(session: ClientHttp2Session, socket: Socket, settings: ConnectionSettings): Channel {
  const { host, port, tls, gzip, maxMessageBytes } = settings;
  const fixed = {
    ':method': 'POST',
    ':scheme': tls === undefined ? 'http' : 'https',
    ':authority': authority(host, port),
    'content-type': 'application/grpc',
    te: 'trailers',
    'user-agent': 'grpc-node-forge',
    'grpc-accept-encoding': ACCEPTED,
  };
  const keepAlive = createKeepAlive(session, settings, breakOff);
  let calls = 0;
  let dropped = 0;
  let lastSeen = Infinity;
  let takesGzip = true;
  let closing = false;
  let isLost = false;
  let tell: (() => void) | undefined;

  const lost = (): void => {
    if (isLost || closing) return;
    isLost = true;
    tell?.();
  };
  session.on('goaway', (_, lastStreamId) => {
    lastSeen = lastStreamId;
    lost();
  });
  session.once('close', lost);
  socket.once('error', breakOff);
  socket.once('close', breakOff);
  socket.unref();

  const line: Line = {
    maxMessageBytes,
    open: (headers) => session.request({ ...headers, ...fixed }),
    heard(headers?: IncomingHttpHeaders) {
      keepAlive.heard();
      const accepted = headers?.['grpc-accept-encoding'];
      if (accepted !== undefined) takesGzip = /\bgzip\b/.test(accepted.toString());
    },
    packs: () => gzip && takesGzip,
    neverSaw: (id) => id > lastSeen,
    isLost: () => session.destroyed || socket.destroyed,
    left() {
      calls -= 1;
      if (calls > 0) return;
      keepAlive.end();
      socket.unref();
      if (closing) linger();
    },
    dropped(isQueued) {
      dropped += 1;
      if (!isQueued || dropped >= MAX_DROPPED) lost();
    },
  };

  /** Ends all calls in flight: some errors of a socket are not told to the session. */
  function breakOff(): void {
    lost();
    session.destroy();
    socket.destroy();
  }

  /** The last call has ended. Its stream closes at once, unless the server does not read. */
  function linger(): void {
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  }

  return {
    call(init) {
      calls += 1;
      if (calls === 1) {
        socket.ref();
        keepAlive.begin();
      }
      return new StreamCall(line, init);
    },
    onLost(listener) {
      tell = listener;
      if (isLost) listener();
    },
    close() {
      if (closing) return;
      closing = true;
      session.close();
      if (calls === 0) linger();
    },
  };
}
