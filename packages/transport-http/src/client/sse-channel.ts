/** @module HTTP+SSE (2024-11-05, Transports) as a channel: one event stream down, one POST per message up. */
import { type Channel, ForgeError, formatError, parseJson } from '@forge/protocol';
import type { Wire } from './wire.ts';

/** Options of {@link openSseChannel}. */
export interface SseChannelOptions {
  readonly authorization: string | undefined;
  /** How long the server may take to name its endpoint, in ms. */
  readonly openTimeoutMs: number;
}

/** How long a message may take to be accepted. */
const POST_MS = 30_000;

/**
 * Opens the event stream and waits for the `endpoint` event.
 *
 * @throws ForgeError `upstream_unreachable`, `upstream_timeout`, or `upstream_error` when it is no such stream, or names an
 * endpoint of another origin.
 */
export function openSseChannel(wire: Wire, options: SseChannelOptions): Promise<Channel> {
  const { authorization } = options;
  let closed = false;
  let path: string | undefined;
  /** Notifications that have not been accepted yet; a message must not overtake one. */
  let notified: Promise<void> | undefined;

  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reply.stop();
      reject(new ForgeError('upstream_timeout', 'The upstream opened an event stream, but named no endpoint'));
    }, options.openTimeoutMs);

    const reply = wire.send(
      { method: 'GET', headers: { accept: 'text/event-stream' }, authorization, lasting: true },
      {
        body(status) {
          const data = { httpStatus: status };
          end(new ForgeError('upstream_error', `The upstream answered with HTTP ${status}`, { data }));
        },
        event({ event, data }) {
          if (path === undefined && event === 'endpoint') opened(data);
          else if (event === 'message' && !closed) channel.onMessage(data);
        },
        end: (_decoder, error) => end(error ?? new ForgeError('upstream_error', 'The upstream ended its event stream')),
        fail: end,
      },
    );

    const channel: Channel = {
      onMessage() {},
      onClose() {},
      send(message) {
        if (closed) return;
        const sent = notified === undefined ? post(message) : notified.then(() => post(message));
        // Requests and answers may overtake each other.
        if (!message.startsWith('{"jsonrpc":"2.0","id":')) void holdBack(sent);
      },
      async close() {
        closed = true;
        reply.stop();
      },
    };

    async function holdBack(sent: Promise<void>): Promise<void> {
      notified = sent;
      await sent;
      if (notified === sent) notified = undefined;
    }

    function opened(data: string): void {
      clearTimeout(timer);
      path = endpointPath(wire.url, data);
      if (path !== undefined) return resolve(channel);
      reply.stop();
      end(new ForgeError('upstream_error', 'The upstream named an endpoint of another origin'));
    }

    function end(error: ForgeError): void {
      clearTimeout(timer);
      reject(error); // once it is open, this does nothing
      if (closed) return;
      closed = true;
      if (path !== undefined) channel.onClose(error);
    }

    function post(body: string): Promise<void> {
      if (closed) return Promise.resolve();
      return new Promise((done) => {
        const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
        wire.send(
          { method: 'POST', headers, body, authorization, path, timeoutMs: POST_MS },
          {
            body(status) {
              if (status >= 300) refused(body, status);
              done();
            },
            event() {},
            end: () => done(),
            fail(error) {
              end(error);
              reply.stop();
              done();
            },
          },
        );
      });
    }

    /** A message that was turned away must not cost the others their stream: only its request fails. */
    function refused(body: string, status: number): void {
      const { id, method } = parseJson(body) as { id?: unknown; method?: unknown };
      if (id === undefined || method === undefined || closed) return;
      const error = { code: -32603, message: `The upstream answered with HTTP ${status}` };
      channel.onMessage(formatError(JSON.stringify(id), error));
    }
  });
}

/** The path to post to, if it is one of the same origin. */
function endpointPath(base: URL, data: string): string | undefined {
  const url = URL.canParse(data, base.href) ? new URL(data, base) : undefined;
  return url?.origin === base.origin ? `${url.pathname}${url.search}` : undefined;
}
