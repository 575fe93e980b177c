/** @module Events as an answer of server-sent events, as fast as they are read. */
import { encodeEvent } from '@forge/protocol';

/** What is sent as one event. */
export interface SentEvent {
  readonly event?: string | undefined;
  readonly data: string;
}

/**
 * The answer; `events` is ended when nobody reads any more. `left` is called before that: events that wait for something end
 * no sooner than when it comes.
 */
export function eventStream(events: AsyncGenerator<SentEvent, void, undefined>, left: () => void): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(stream) {
      const { done, value } = await events.next();
      if (done === true || value === undefined) stream.close();
      else stream.enqueue(encoder.encode(encodeEvent(value)));
    },
    async cancel() {
      left();
      await events.return();
    },
  });
  const headers = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache', 'x-accel-buffering': 'no' };
  return new Response(body, { headers });
}
