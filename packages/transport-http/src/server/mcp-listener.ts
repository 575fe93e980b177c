/** @module Serves Streamable HTTP of both eras on `node:http`, in front of any framework. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  admit,
  type Caller,
  createHttpEdge,
  type Endpoint,
  ForgeError,
  type HeaderBag,
  type HttpEdge,
  Roster,
  serverClosed,
  upstreamAuthorization,
} from '@forge/protocol';
import { checkBodyHeaders, readBodyText } from './body.ts';
import { HttpReply } from './http-reply.ts';
import { CLOSE_GRACE_MS, type ListenerOptions, MAX_BODY_BYTES } from './listener-options.ts';
import { createOriginCheck } from './origin.ts';
import { refuse } from './refuse.ts';
import { Streams } from './streams.ts';

/** Options of {@link createMcpListener}. */
export interface McpListenerOptions extends ListenerOptions {
  /** What turns messages into exchanges, with the legacy sessions in it. @default a new one */
  readonly edge?: HttpEdge | undefined;
}

/** Serves MCP on the paths that the application gives it. */
export interface McpListener {
  /**
   * Answers one request, whatever it holds. Headers that the application has set on `res` (CORS, with
   * `Access-Control-Expose-Headers: Mcp-Session-Id`) go out with the answer.
   *
   * @param path without the query, as `endpoint` is to see it
   */
  handle(req: IncomingMessage, res: ServerResponse, path: string): void;
  /** Requests that are being answered, open streams included. */
  readonly inFlight: number;
  /** Event streams that are open. */
  readonly streams: number;
  /**
   * Refuses what is new, lets calls in flight finish, then ends sessions and the streams that only listen, and cuts what
   * is left. Then the server can be closed. Idempotent.
   */
  close(): Promise<void>;
}

/** How long an ended stream may take to reach its client. */
const FLUSH_MS = 1000;

/**
 * A listener. The server itself, its timeouts and its TLS are the application's.
 *
 * Checks come in this order, each before anything that costs more: Host and Origin (403), method (405), Content-Type
 * (415), Content-Length (413), credentials (401), endpoint (404), body (413), and then the message itself. Nothing is
 * parsed for a caller that is not known.
 *
 * @example
 * const listener = createMcpListener({ authenticate: () => ({ id: 'anyone' }), endpoint: () => endpoint });
 * createServer((req, res) => listener.handle(req, res, '/mcp')).listen(4444, '127.0.0.1');
 */
export function createMcpListener(options: McpListenerOptions): McpListener {
  const { edge = createHttpEdge(), maxBodyBytes = MAX_BODY_BYTES, challenge, closeGraceMs = CLOSE_GRACE_MS } = options;
  const checkOrigin = createOriginCheck(options);
  const streams = new Streams(options);
  const replies = new Roster<HttpReply>();
  let gets = 0; // those of `replies` that answer a GET
  let closing: Promise<void> | undefined;
  let onEnded: (() => void) | undefined;

  function check(req: IncomingMessage, res: ServerResponse): void {
    checkOrigin(req.headers);
    if (req.method === 'POST') checkBodyHeaders(req.headers, maxBodyBytes);
    else if (req.method !== 'GET' && req.method !== 'DELETE') {
      res.setHeader('allow', 'GET, POST, DELETE');
      throw new ForgeError('method_not_allowed', `${req.method} is not allowed here, only GET, POST, DELETE`);
    }
    if (closing === undefined) return;
    res.setHeader('connection', 'close');
    throw new ForgeError('overloaded', 'The server is shutting down', { retryAfter: 5 });
  }

  function serve(req: IncomingMessage, res: ServerResponse, caller: Caller, endpoint: Endpoint, body: string): void {
    if (res.destroyed) return; // the client has left meanwhile
    const request = {
      headers: req.headers as HeaderBag,
      body,
      caller,
      upstreamAuthorization: upstreamAuthorization(req.headers as HeaderBag),
    };
    if (req.method === 'GET') {
      if (streams.full) throw new ForgeError('overloaded', 'Too many streams are open', { retryAfter: 5 });
      gets += 1;
      edge.get(endpoint, request, begin(res, endedGet));
    } else if (req.method === 'POST') edge.post(endpoint, request, begin(res, ended));
    else edge.delete(endpoint, request, begin(res, ended));
  }

  function begin(res: ServerResponse, onClosed: (reply: HttpReply) => void): HttpReply {
    const reply = new HttpReply(res, streams, onClosed);
    replies.add(reply);
    return reply;
  }

  function ended(reply: HttpReply): void {
    replies.delete(reply);
    onEnded?.();
  }

  function endedGet(reply: HttpReply): void {
    gets -= 1;
    ended(reply);
  }

  async function shut(): Promise<void> {
    await until(() => replies.size - gets <= edge.subscriptions, closeGraceMs);
    await edge.close();
    for (const reply of replies) reply.abandon(serverClosed());
    await until(() => replies.size === 0, FLUSH_MS);
    for (const reply of replies) reply.cut();
  }

  /** Waits for a state of `replies`, at most `ms`. */
  async function until(reached: () => boolean, ms: number): Promise<void> {
    if (reached()) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      onEnded = () => {
        if (!reached()) return;
        clearTimeout(timer);
        resolve();
      };
    });
    onEnded = undefined;
  }

  return {
    handle(req, res, path) {
      const fail = (error: unknown): void => refuse(req, res, error, challenge);
      try {
        check(req, res);
      } catch (error) {
        return fail(error);
      }
      admit(
        options,
        req,
        path,
        (caller, endpoint) => {
          if (req.method !== 'POST') return serve(req, res, caller, endpoint, '');
          readBodyText(req, maxBodyBytes, (body) => serve(req, res, caller, endpoint, body), fail);
        },
        fail,
      );
    },
    get inFlight() {
      return replies.size;
    },
    get streams() {
      return streams.size;
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };
}
