/** @module Serves HTTP+SSE of 2024-11-05: a stream down by GET, messages up by POST. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  accepts,
  admit,
  agreedLegacy,
  type Caller,
  type Channel,
  type ChannelEdge,
  type Endpoint,
  ForgeError,
  type HeaderBag,
  parseJson,
  serveChannel,
  unsupportedVersion,
  upstreamAuthorization,
} from '@forge/protocol';
import { checkBodyHeaders, readBodyText } from './body.ts';
import { CLOSE_GRACE_MS, type ListenerOptions, MAX_BODY_BYTES } from './listener-options.ts';
import { createOriginCheck } from './origin.ts';
import { refuse } from './refuse.ts';
import { type EventStream, Streams } from './streams.ts';

/** Options of {@link createSseListener}. */
export interface SseListenerOptions extends ListenerOptions {
  /**
   * Where the client of a stream posts its messages, e.g. `/message` for `/sse`; a path as clients see it. The listener
   * appends `?session_id=...`. Both paths must lead `endpoint` to the same endpoint.
   */
  readonly messagePath: (path: string, request: IncomingMessage) => string;
}

/** Serves HTTP+SSE on the paths that the application gives it. */
export interface SseListener {
  /** Answers a request to the path of a stream. */
  stream(req: IncomingMessage, res: ServerResponse, path: string): void;
  /** Answers a request to the path of messages. */
  message(req: IncomingMessage, res: ServerResponse, path: string): void;
  /** Streams that are open. */
  readonly streams: number;
  /** Refuses what is new, gives calls in flight some time, and ends every stream. Idempotent. */
  close(): Promise<void>;
}

/** The revision that HTTP+SSE belongs to, though clients of any legacy one may use it. */
const REVISION = '2024-11-05';

interface Connection {
  readonly callerId: string;
  readonly endpointKey: string;
  readonly channel: Channel;
  readonly edge: ChannelEdge;
}

/**
 * A listener. A session lives as long as its stream, and belongs to the caller and the endpoint that it was opened by: to
 * anyone else it does not exist.
 *
 * @example
 * const listener = createSseListener({ authenticate, endpoint, messagePath: () => '/message' });
 * createServer((req, res) => {
 *   const path = (req.url ?? '').split('?', 1)[0];
 *   if (path === '/sse') listener.stream(req, res, path);
 *   else if (path === '/message') listener.message(req, res, path);
 * }).listen(4444, '127.0.0.1');
 */
export function createSseListener(options: SseListenerOptions): SseListener {
  const { maxBodyBytes = MAX_BODY_BYTES, challenge, closeGraceMs = CLOSE_GRACE_MS } = options;
  const checkOrigin = createOriginCheck(options);
  const streams = new Streams(options);
  const connections = new Map<string, Connection>();
  let closing = false;

  function check(req: IncomingMessage, res: ServerResponse, method: 'GET' | 'POST'): void {
    checkOrigin(req.headers);
    if (req.method !== method) {
      res.setHeader('allow', method);
      throw new ForgeError('method_not_allowed', `${req.method} is not allowed here, only ${method}`);
    }
    if (method === 'POST') checkBodyHeaders(req.headers, maxBodyBytes);
    else if (!accepts(req.headers.accept, 'text/event-stream')) throw new ForgeError('not_acceptable');
    if (!closing) return;
    res.setHeader('connection', 'close');
    throw new ForgeError('overloaded', 'The server is shutting down', { retryAfter: 5 });
  }

  function connect(req: IncomingMessage, res: ServerResponse, path: string, caller: Caller, endpoint: Endpoint): void {
    if (agreedLegacy(REVISION, endpoint.versions) === undefined) throw unsupportedVersion(REVISION, endpoint.versions);
    if (streams.full) throw new ForgeError('overloaded', 'Too many streams are open', { retryAfter: 5 });
    const sender = {
      caller,
      upstreamAuthorization: upstreamAuthorization(req.headers as HeaderBag),
      eras: ['legacy'] as const,
    };
    const messages = options.messagePath(path, req);
    const sessionId = randomBytes(16).toString('hex');
    const stream = streams.open(res);
    stream.event({ event: 'endpoint', data: `${messages}?session_id=${sessionId}`, retry: streams.retryMs });
    const channel = channelOf(res, stream);
    const edge = serveChannel(endpoint, channel, sender);
    connections.set(sessionId, { callerId: caller.id, endpointKey: endpoint.key, channel, edge });
    res.once('close', () => connections.delete(sessionId));
  }

  /** @throws ForgeError `session_not_found` */
  function find(req: IncomingMessage, callerId: string, endpoint: Endpoint): Connection {
    const url = req.url ?? '';
    const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
    const connection = connections.get(new URLSearchParams(query).get('session_id') ?? '');
    if (connection?.callerId !== callerId || connection.endpointKey !== endpoint.key) {
      throw new ForgeError(
        'session_not_found',
        'The stream of this session does not exist or has ended; open a new one',
      );
    }
    return connection;
  }

  function handle(req: IncomingMessage, res: ServerResponse, path: string, method: 'GET' | 'POST'): void {
    const fail = (error: unknown): void => refuse(req, res, error, challenge);
    try {
      check(req, res, method);
    } catch (error) {
      return fail(error);
    }
    admit(
      options,
      req,
      path,
      (caller, endpoint) => {
        if (res.destroyed) return; // the client left while it was being authenticated
        if (method === 'GET') return connect(req, res, path, caller, endpoint);
        const { channel } = find(req, caller.id, endpoint);
        readBodyText(req, maxBodyBytes, (text) => deliver(res, channel, text), fail);
      },
      fail,
    );
  }

  return {
    stream: (req, res, path) => handle(req, res, path, 'GET'),
    message: (req, res, path) => handle(req, res, path, 'POST'),
    get streams() {
      return streams.size;
    },
    async close() {
      closing = true;
      await Promise.all([...connections.values()].map(({ edge }) => edge.close(closeGraceMs)));
    },
  };
}

/** @throws ForgeError `parse_error`: what is no JSON is refused here, where its sender sees it */
function deliver(res: ServerResponse, channel: Channel, text: string): void {
  parseJson(text);
  res.writeHead(202, { 'content-length': 0 }).end();
  channel.onMessage(text);
}

function channelOf(res: ServerResponse, stream: EventStream): Channel {
  let closed = false;
  const channel: Channel = {
    onMessage() {},
    onClose() {},
    send: (message) => stream.event({ event: 'message', data: message }),
    close() {
      closed = true;
      stream.end();
      return Promise.resolve();
    },
  };
  res.once('close', () => {
    if (!closed) channel.onClose(new Error('The client closed its stream'));
  });
  return channel;
}
