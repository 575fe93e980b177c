/**
 * @module Requests to one origin, and to where it redirects them: kept-alive connections, addresses checked with each
 * connection, sizes bounded on the wire and unpacked. Times are its user's affair: `cancel` ends a request at once.
 */
import type { LookupFunction } from 'node:net';
import { ForgeError } from '@forge/protocol';
import { Client, type Dispatcher, Pool } from 'undici';
import { ACCEPT_ENCODING, decodeBody } from './decode.ts';
import { guardedConnector } from './guarded-connector.ts';
import { type AnswerHeaders, HopReply, type RawAnswer } from './hop-reply.ts';
import { type Hop, isRedirect, redirected } from './redirect.ts';

/** Options of {@link createOutgoing}. */
export interface OutgoingOptions {
  /** Where requests go: `https://api.example.com`. */
  readonly origin: string;
  /** Whether a name, or an address that it leads to, must not be called. */
  refuses(host: string): boolean;
  /** Connections at most; further requests wait. @default 64 */
  readonly connections?: number | undefined;
  /** @default 10000 */
  readonly connectTimeoutMs?: number | undefined;
  /** @default that of the operating system */
  readonly lookup?: LookupFunction | undefined;
}

/** One request. Header names in lower case; `accept-encoding` is added. */
export interface OutgoingRequest extends Hop {
  /** Bytes of the answer at most, as sent and as unpacked. */
  readonly maxBytes: number;
  /** Redirects followed at most. @default 5 */
  readonly maxRedirects?: number | undefined;
  /** Whether a redirect may lead there. @default anywhere */
  readonly allows?: ((url: URL) => boolean) | undefined;
}

/** A whole answer. */
export interface OutgoingAnswer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** Unpacked; empty where it is too long. */
  readonly body: Uint8Array;
  readonly isTooLong: boolean;
  /** Where it came from in the end. */
  readonly url: URL;
}

/** A request under way. */
export interface OutgoingCall {
  /**
   * @throws ForgeError `upstream_unreachable`, `forbidden` (its host is refused) where nothing was sent; `outcome_unknown`
   *   where something was; `upstream_error` for what is no HTTP, for redirects that are not followed; what `cancel` gave
   */
  readonly answer: Promise<OutgoingAnswer>;
  /** Whether something was sent. */
  readonly isDispatched: boolean;
  /** Gives it up with this error, which `answer` rejects with. */
  cancel(error: ForgeError): void;
}

/** The way to one origin. */
export interface Outgoing {
  /** Nothing is sent twice. */
  send(request: OutgoingRequest): OutgoingCall;
  /** Cuts everything off. */
  close(): Promise<void>;
}

const MAX_REDIRECTS = 5;

/**
 * Connects with the first request.
 *
 * @example
 * const outgoing = createOutgoing({ origin: 'https://api.example.com', refuses: () => false });
 * const { answer } = outgoing.send({ method: 'GET', url, headers: {}, maxBytes: 1_000_000 });
 */
export function createOutgoing(options: OutgoingOptions): Outgoing {
  const { refuses, lookup, connections = 64, connectTimeoutMs: timeoutMs = 10_000 } = options;
  const connect = guardedConnector({ refuses, timeoutMs, lookup });
  const home = new Pool(options.origin, { connect, connections });

  /** Another origin than ours gets a connection for this one request. */
  function dispatch({ method, url, headers, body }: Hop, reply: HopReply): Dispatcher | undefined {
    const { origin } = url;
    const elsewhere = origin === options.origin ? undefined : new Client(origin, { connect });
    (elsewhere ?? home).dispatch(
      {
        origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { 'accept-encoding': ACCEPT_ENCODING, ...headers },
        body: body ?? null,
        headersTimeout: 0,
        bodyTimeout: 0,
      },
      reply,
    );
    return elsewhere;
  }

  class Call implements OutgoingCall {
    readonly answer: Promise<OutgoingAnswer>;
    #reply: HopReply | undefined;
    #isDispatched = false;
    #cancelled: ForgeError | undefined;

    constructor(request: OutgoingRequest) {
      this.answer = this.#follow(request);
    }

    get isDispatched(): boolean {
      return this.#isDispatched || this.#reply?.isDispatched === true;
    }

    cancel(error: ForgeError): void {
      this.#cancelled = error;
      this.#reply?.stop(error);
    }

    async #follow(request: OutgoingRequest): Promise<OutgoingAnswer> {
      const { maxBytes, maxRedirects = MAX_REDIRECTS, allows } = request;
      let hop: Hop = request;
      for (let followed = 0; ; followed += 1) {
        const { status, headers, bytes, isCut } = await this.#send(hop, maxBytes);
        const location = single(headers['location']);
        if (!isRedirect(status, location)) {
          const encoding = single(headers['content-encoding']);
          const plain = isCut ? undefined : bytes;
          const body = isCut || encoding === undefined ? plain : await decodeBody(bytes, encoding, maxBytes);
          if (this.#cancelled !== undefined) throw this.#cancelled;
          return { status, headers, body: body ?? NOTHING, isTooLong: body === undefined, url: hop.url };
        }
        if (followed >= maxRedirects) {
          throw new ForgeError('upstream_error', `The upstream redirects more than ${maxRedirects} times`);
        }
        hop = redirected(hop, status, location);
        if (allows?.(hop.url) === false) {
          throw new ForgeError('upstream_error', `The upstream redirects to ${hop.url.origin}, which is not allowed`);
        }
      }
    }

    async #send(hop: Hop, maxBytes: number): Promise<RawAnswer> {
      if (this.#cancelled !== undefined) throw this.#cancelled;
      let elsewhere: Dispatcher | undefined;
      try {
        return await new Promise<RawAnswer>((done, failed) => {
          this.#reply = new HopReply(maxBytes, done, failed);
          elsewhere = dispatch(hop, this.#reply);
        });
      } finally {
        this.#isDispatched ||= this.#reply?.isDispatched === true;
        if (elsewhere !== undefined) void elsewhere.destroy();
      }
    }
  }

  return {
    send: (request) => new Call(request),
    close: () => home.destroy(),
  };
}

const NOTHING = new Uint8Array(0);

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
