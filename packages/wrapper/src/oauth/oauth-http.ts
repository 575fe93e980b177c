/** @module Requests of a login: bounded in time and size, no redirects, never in the clear to another machine. */
import { type Dispatcher, request } from 'undici';

/** A login that cannot go on; the message is for the person, and holds no secret. */
export class LoginError extends Error {
  override readonly name = 'LoginError';
  /** The authorization server's own code, such as `invalid_grant`. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.code = code;
  }
}

/** What a server answered. */
export interface JsonAnswer {
  readonly status: number;
  /** An object; empty where the answer is none. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** Sends the requests of one login. */
export interface OAuthHttp {
  /** @throws LoginError when there is no answer */
  get(url: URL): Promise<JsonAnswer>;
  /** @throws LoginError when there is no answer */
  post(url: URL, body: URLSearchParams | object, headers?: Readonly<Record<string, string>>): Promise<JsonAnswer>;
  /** A URL that a server named. @throws LoginError unless it is https, on this machine, or where the MCP server is */
  checked(text: unknown, what: string): URL;
}

const TIMEOUT_MS = 15_000;
const MAX_BYTES = 1_048_576;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** @param server the MCP server */
export function createOAuthHttp(dispatcher: () => Dispatcher, server: URL): OAuthHttp {
  async function send(
    url: URL,
    init: Pick<Dispatcher.RequestOptions, 'method' | 'headers' | 'body'>,
  ): Promise<JsonAnswer> {
    try {
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const { statusCode, body } = await request(url, { ...init, dispatcher: dispatcher(), signal });
      let text = '';
      for await (const chunk of body.setEncoding('utf8')) {
        text += chunk as string;
        if (text.length > MAX_BYTES) throw new LoginError(`${url.origin} answers with too much`);
      }
      return { status: statusCode, json: objectIn(text) };
    } catch (error) {
      if (error instanceof LoginError) throw error;
      const { code, message } = error as NodeJS.ErrnoException;
      throw new LoginError(`${url.origin} cannot be reached (${code ?? message})`);
    }
  }

  return {
    get: (url) => send(url, { method: 'GET', headers: { accept: 'application/json' } }),
    post(url, body, headers = {}) {
      const isForm = body instanceof URLSearchParams;
      const type = isForm ? 'application/x-www-form-urlencoded' : 'application/json';
      return send(url, {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': type, ...headers },
        body: isForm ? body.toString() : JSON.stringify(body),
      });
    },
    checked(text, what) {
      const url = typeof text === 'string' && URL.canParse(text) ? new URL(text) : undefined;
      if (url === undefined || url.username !== '' || url.password !== '') throw new LoginError(`${what} is no URL`);
      const isPlainAllowed = url.protocol === 'http:' && (LOOPBACK.test(url.hostname) || url.origin === server.origin);
      if (url.protocol !== 'https:' && !isPlainAllowed) throw new LoginError(`${what} is not https: ${url.origin}`);
      return url;
    },
  };
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : {};
  } catch {
    return {}; // pages and empty bodies say as much as an empty object: the status decides
  }
}
